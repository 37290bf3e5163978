#include "app/cmd.h"

static const struct cli_option APPLY_OPTIONS[] = {
    {"dry-run", NULL, "Only show what would change."},
    {"prune", NULL, "Also remove what an earlier file brought and this one no longer has."},
    {"yes", NULL, "Do not ask before --prune removes more than the file names."},
    {0}};
static const struct cli_option ALERT_OPTIONS[] = {
    {"service", "NAME", "The service that is in trouble."},
    {"integration", "NAME", "Send it as this integration instead of to a service."},
    {"severity", "LEVEL", "critical, error, warning or info; error when not given."},
    {"dedup-key", "KEY", "Alerts of one service (or integration) with the same key are one alert."},
    {"source", "TEXT", "The thing that is broken: host, URL."},
    {"component", "TEXT", "Its part."},
    {"group", "TEXT", "What it belongs to."},
    {"class", "TEXT", "The kind of trouble."},
    {"detail", "NAME=VALUE", "A detail; may be given many times."},
    {"link", "URL", "A page that helps: dashboard, runbook."},
    {"acknowledge", NULL,
     "Acknowledge the open alert with this key instead; exit code 1 when there is none."},
    {"resolve", NULL,
     "Resolve the open alert with this key instead; exit code 1 when there is none."},
    {"key", "KEY", "The integration's key, where you have no token."},
    {0}};
#define ACT_OPTIONS                                     \
    {"as", "USER", "On whose behalf, for the record."}, \
    {                                                   \
        "note", "TEXT", "Why, for the record."          \
    }
static const struct cli_option NOTE_OPTIONS[] = {ACT_OPTIONS, {0}};
static const struct cli_option SNOOZE_OPTIONS[] = {
    {"for", "SPAN", "How long: 30m, 2h."},
    {"until", "INSTANT", "Until when: +2h or 2026-12-24T23:30:00+01:00."},
    ACT_OPTIONS,
    {0}};
static const struct cli_option PAGE_OPTIONS[] = {
    {"user", "NAME", "This person."},
    {"schedule", "NAME", "Whoever is on call there."},
    {"team", "NAME", "Every member."},
    {"channel", "NAME", "This chat channel."},
    {"as", "USER", "On whose behalf, for the record."},
    {"note", "TEXT", "What they are told with it; it stands in the record, too."},
    {0}};
static const struct cli_option ALERTS_OPTIONS[] = {
    {"status", "STATUS", "open, acknowledged, resolved, suppressed or unresolved (the default)."},
    {"all", NULL, "Alerts of every status."},
    {"service", "NAME", "Only those of this service."},
    {"severity", "LEVEL", "Only those of this severity."},
    {"limit", "N",
     "Show at most so many: 100; with --json all that are not resolved, at most 100000."},
    {0}};
static const struct cli_option AT_OPTIONS[] = {
    {"at", "INSTANT", "Not now but then: +2h or 2026-12-24T23:30:00+01:00."}, {0}};
static const struct cli_option RANGE_OPTIONS[] = {
    {"from", "INSTANT",
     "From when, without an offset by the clock of the schedule; now when not given."},
    {"to", "INSTANT", "Until when, likewise."},
    {0}};
static const struct cli_option OVERRIDE_OPTIONS[] = {
    {"from", "INSTANT",
     "From when, in the schedule's own zone: 2026-12-24, 2026-12-24T09:00 or +1h."},
    {"to", "INSTANT", "Until when, in the same way."},
    {"who", "USER", "Who is on call instead."},
    {"nobody", NULL, "Nobody is, on purpose."},
    {"layer", "NAME", "Only in this layer."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {0}};
static const struct cli_option FEED_OPTIONS[] = {
    {"user", "NAME", "This person's shifts, of all schedules."},
    {"schedule", "NAME", "Everybody's shifts of this schedule."},
    {0}};
static const struct cli_option FEED_REVOKE_OPTIONS[] = {
    {"id", "ID", "Only this one of the list; else every one of that owner."}, {0}};
static const struct cli_option OFF_DUTY_OPTIONS[] = {
    {"from", "INSTANT", "From when, for an absence that is planned; now when not given."},
    {"for", "SPAN", "How long: 8h, 3d."},
    {"until", "INSTANT", "Until when: +8h, 2026-12-24, 2026-12-24T23:30."},
    {"to", "INSTANT", "The same."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {"hand-on", NULL, "Pages not answered yet go on to others now."},
    {"dry-run", NULL, "Only show who would take over."},
    {0}};
static const struct cli_option ABSENCE_LIST_OPTIONS[] = {{"all", NULL, "Those that are over, too."},
                                                         {0}};
static const struct cli_option ABSENCE_REMOVE_OPTIONS[] = {
    {"keep-covers", NULL, "The others go on covering; who is back is not on call there."}, {0}};
static const struct cli_option MISSES_OPTIONS[] = {
    {"team", "NAME", "Only its members."},
    {"since", "SPAN", "How far back: 30d (the default), or an instant."},
    {0}};
static const struct cli_option WHATIF_OPTIONS[] = {
    {"service", "NAME", "The service that the alert would be about."},
    {"severity", "LEVEL", "critical, error, warning or info."},
    {"at", "INSTANT", "When it would come: +2h or 2026-12-24T23:30:00+01:00; now when not given."},
    {0}};
static const struct cli_option TOKEN_OPTIONS[] = {
    {"name", "NAME", "What it is for; shows in the record of actions."},
    {"scope", "SCOPE", "read (the default), respond or admin."},
    {"expires-in", "SPAN", "How long it is good: 90d. Without it, until it is revoked."},
    {0}};
static const struct cli_option ROUTE_TEST_OPTIONS[] = {
    {"last", "N", "On so many of the newest alerts, up to 1000; 100 when not given."},
    {"all", NULL, "Show those that would go the same way, too."},
    {0}};
static const struct cli_option SILENCE_OPTIONS[] = {
    {"name", "NAME", "What to call it; made up when not given."},
    {"for", "SPAN", "How long: 2h."},
    {"from", "INSTANT", "From when; now when not given."},
    {"to", "INSTANT", "Until when."},
    {"comment", "TEXT", "Why, for whoever wonders."},
    {0}};
static const struct cli_option SILENCE_LIST_OPTIONS[] = {{"all", NULL, "Those that are over, too."},
                                                         {0}};
static const struct cli_option NODES_OPTIONS[] = {{"all", NULL, "Those that ended lately, too."},
                                                  {0}};
static const struct cli_option ROTATE_OPTIONS[] = {
    {"overlap", "SPAN", "How long the old key stays good: 1d (the default), 0s."}, {0}};
static const struct cli_option MANUAL_OPTIONS[] = {
    {"markdown", NULL, "As the page docs/commands.md."}, {0}};
static const struct cli_option TEST_OPTIONS[] = {
    {"contact", "NAME", "Only by this contact; else by each."},
    {"channel", "NAME", "To this channel instead of a person."},
    {0}};
static const struct cli_option RESTORE_OPTIONS[] = {
    {"verify-only", NULL, "Only check the file, and say what it holds."},
    {"to", "PLACE", "Another data directory, or postgresql://... of an empty database."},
    {0}};
static const struct cli_option VERIFY_OPTIONS[] = {
    {"file", "PATH", "Not the server's database but this file: a backup, or any other."}, {0}};
static const struct cli_option MIGRATE_OPTIONS[] = {
    {"dry-run", NULL, "Only show what would be done."}, {0}};
static const struct cli_option MOVE_OPTIONS[] = {
    {"from", "PLACE", "The data directory, or postgresql://..., where everything is now."},
    {"to", "PLACE", "Where it is to go: a directory without a database, or an empty one."},
    {0}};

const struct cli_command COMMANDS[] = {
    {"serve", "", 0, 0, "Run the server.",
     "Opens (or makes) the data directory, brings its schema up to date, applies --config, and "
     "takes "
     "alerts. SIGTERM drains and ends; SIGHUP applies --config again. Start-up is recovery: after "
     "a "
     "crash, just start it.",
     NULL, SETTING_SERVER, 0, cmd_serve},
    {"apply", "FILE", 1, 1, "Put a team file into force.",
     "Reads users, schedules, policies, services and integrations from YAML. Applying twice "
     "changes nothing; mistakes are told together (one of each entry, and what refers to something "
     "else once every entry can be read), each with file, line, field and remedy, and then nothing "
     "is applied. A key's env:NAME or file:PATH is resolved here, the secret of a contact or "
     "channel on the server. Keys that the server makes are printed once. - reads standard input.",
     APPLY_OPTIONS, SETTING_CLIENT, COMPLETE_FILE, cmd_apply},
    {"export", "", 0, 0, "Print the configuration in force as a team file.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_export},
    {"alert", "[SUMMARY]", 0, 1, "Send an alert.",
     "Over the local socket, or with a token, --service says where it goes; with --key an "
     "integration's "
     "key says it.",
     ALERT_OPTIONS, SETTING_CLIENT, 0, cmd_alert},
    {"alerts", "", 0, 0, "List alerts: those that are not resolved, the worst first.",
     "Those of one severity with the newest first; with --all, or resolved or suppressed ones, all "
     "with "
     "the newest first. When there are more than are shown, the last line says so; with --json it "
     "stands on standard error.",
     ALERTS_OPTIONS, SETTING_CLIENT, 0, cmd_alerts},
    {"alerts show", "ALERT", 1, 1, "Show one alert.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_alerts_show},
    {"ack", "ALERT...", 1, -1, "Acknowledge: I am on it. Paging stops.", NULL, NOTE_OPTIONS,
     SETTING_CLIENT, 0, cmd_ack},
    {"resolve", "ALERT...", 1, -1, "Resolve: it is over.", NULL, NOTE_OPTIONS, SETTING_CLIENT, 0,
     cmd_resolve},
    {"escalate", "ALERT...", 1, -1, "Tell the next step now.", NULL, NOTE_OPTIONS, SETTING_CLIENT,
     0, cmd_escalate},
    {"snooze", "ALERT...", 1, -1, "Be quiet for a while, then page again.", NULL, SNOOZE_OPTIONS,
     SETTING_CLIENT, 0, cmd_snooze},
    {"page", "ALERT...", 1, -1, "Tell somebody else too.", NULL, PAGE_OPTIONS, SETTING_CLIENT, 0,
     cmd_page},
    {"oncall", "[SCHEDULE...]", 0, -1, "Who is on call now, or at any moment.", NULL, AT_OPTIONS,
     SETTING_CLIENT, 0, cmd_oncall},
    {"schedule list", "", 0, 0, "List the schedules.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_schedule_list},
    {"schedule shifts", "SCHEDULE", 1, 1, "The shifts of the next 14 days, or of a range.", NULL,
     RANGE_OPTIONS, SETTING_CLIENT, 0, cmd_schedule_shifts},
    {"schedule gaps", "SCHEDULE", 1, 1, "When nobody is on call in the next 30 days.", NULL,
     RANGE_OPTIONS, SETTING_CLIENT, 0, cmd_schedule_gaps},
    {"schedule override add", "SCHEDULE", 1, 1, "Put somebody on call for a time.", NULL,
     OVERRIDE_OPTIONS, SETTING_CLIENT, 0, cmd_override_add},
    {"schedule override list", "[SCHEDULE]", 0, 1,
     "The overrides that people made, of all schedules: when, why, by whom.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_override_list},
    {"schedule override remove", "SCHEDULE ID", 2, 2, "Take an override back.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_override_remove},
    {"off-duty", "USER", 1, 1, "Take somebody off duty; others cover their shifts.",
     "For each shift the next person of the same layer who can be reached and is not away then is "
     "put in as an override, which `tocsin schedule override remove` takes back. What nobody else "
     "can take stays, and is told, with who is away and until when. The absence is remembered: "
     "who is away stands in for nobody.",
     OFF_DUTY_OPTIONS, SETTING_CLIENT, 0, cmd_off_duty},
    {"absence list", "", 0, 0, "Who is away, and when.", NULL, ABSENCE_LIST_OPTIONS, SETTING_CLIENT,
     0, cmd_absence_list},
    {"absence remove", "NAME", 1, 1, "End an absence: who was away is back.",
     "The overrides that `tocsin off-duty` made for what is left of it are taken back, so that who "
     "is back is on call again. To cut an absence short, remove it and take them off duty until "
     "the new end.",
     ABSENCE_REMOVE_OPTIONS, SETTING_CLIENT, 0, cmd_absence_remove},
    {"misses", "", 0, 0, "How pages to people went: how many went on to somebody else.",
     "To see who needs a hand: a louder phone, another contact, a lighter rotation. Counted are "
     "pages "
     "that reached the person and then went to a later step.",
     MISSES_OPTIONS, SETTING_CLIENT, 0, cmd_misses},
    {"explain", "ALERT", 1, 1, "Why was I paged? Every decision and attempt about an alert.", NULL,
     NULL, SETTING_CLIENT, 0, cmd_explain},
    {"whatif", "", 0, 0, "Who would be told, and when, about an alert that has not come.", NULL,
     WHATIF_OPTIONS, SETTING_CLIENT, 0, cmd_whatif},
    {"route test", "FILE", 1, 1, "Try a file's routes on past alerts before applying them.",
     "Shows which of the newest alerts the routes in FILE would send another way than those in "
     "force. "
     "- reads standard input.",
     ROUTE_TEST_OPTIONS, SETTING_CLIENT, COMPLETE_FILE, cmd_route_test},
    {"silence list", "", 0, 0, "List the silences, and how many alerts each holds now.", NULL,
     SILENCE_LIST_OPTIONS, SETTING_CLIENT, 0, cmd_silence_list},
    {"silence add", "CONDITION...", 1, -1, "Keep matching alerts quiet for a time.",
     "A condition is FIELD=VALUE, FIELD!=VALUE, FIELD=~REGEX or FIELD!~REGEX; all must hold.",
     SILENCE_OPTIONS, SETTING_CLIENT, 0, cmd_silence_add},
    {"silence remove", "NAME", 1, 1, "End a silence.",
     "`tocsin silence list --all` still shows it, as one that is over, for 5 days. One that recurs "
     "is "
     "deleted.",
     NULL, SETTING_CLIENT, 0, cmd_silence_remove},
    {"feed create", "", 0, 0, "Make a calendar's address that phones subscribe to.",
     "The address is the secret and is printed once. Calendar programs ask for it again by "
     "themselves, most of them every few hours, so that a change of the schedule arrives.",
     FEED_OPTIONS, SETTING_CLIENT, 0, cmd_feed_create},
    {"feed list", "", 0, 0, "List the calendars that were given out.", NULL, NULL, SETTING_CLIENT,
     0, cmd_feed_list},
    {"feed revoke", "OWNER", 1, 1, "End the calendars of user:NAME or schedule:NAME.", NULL,
     FEED_REVOKE_OPTIONS, SETTING_CLIENT, 0, cmd_feed_revoke},
    {"integration list", "", 0, 0, "List the integrations.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_integration_list},
    {"integration rotate", "NAME", 1, 1, "Make a new key; the old one stays good for a while.",
     NULL, ROTATE_OPTIONS, SETTING_CLIENT, 0, cmd_integration_rotate},
    {"integration payloads", "NAME", 1, 1, "The last payloads that came in, refused ones too.",
     NULL, NULL, SETTING_CLIENT, 0, cmd_integration_payloads},
    {"heartbeat list", "", 0, 0, "List the heartbeats and when each was last heard.", NULL, NULL,
     SETTING_CLIENT, 0, cmd_heartbeat_list},
    {"heartbeat rotate", "NAME", 1, 1, "Make a new key; the old one stays good for a while.", NULL,
     ROTATE_OPTIONS, SETTING_CLIENT, 0, cmd_heartbeat_rotate},
    {"token create", "", 0, 0, "Make an access token; it is printed once.", NULL, TOKEN_OPTIONS,
     SETTING_CLIENT, 0, cmd_token_create},
    {"token list", "", 0, 0, "List the access tokens.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_token_list},
    {"token revoke", "NAME", 1, 1, "End an access token.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_token_revoke},
    {"test", "[USER]", 0, 1, "Send a person or a channel a test message.", NULL, TEST_OPTIONS,
     SETTING_CLIENT, 0, cmd_test},
    {"doctor", "", 0, 0, "Find what would keep a page from arriving.",
     "Looks at contacts, schedules, policies, keys, mail server, disk, clock and database. Exit "
     "code 1 "
     "when something would keep a page from arriving.",
     NULL, SETTING_BOTH, 0, cmd_doctor},
    {"nodes", "", 0, 0, "List the servers that share the database.",
     "With each how much of the due work it holds (64 lanes in all), and when the server that "
     "answers "
     "last saw it alive. With --json always those that ended, too.",
     NODES_OPTIONS, SETTING_CLIENT, 0, cmd_nodes},
    {"backup", "[FILE]", 0, 1, "Copy the whole database, online, and verify the copy.",
     "Works with and without a running server. Without FILE the copy stays in the data directory, "
     "under backups. Without a server the database in --data is copied where that flag is given, "
     "else "
     "the one of TOCSIN_DATABASE_URL. One that lacks what was accepted last is copied as it is, "
     "and "
     "that is said, with exit code 1.",
     NULL, SETTING_CLIENT | SETTING_STORE, COMPLETE_FILE, cmd_backup},
    {"restore", "FILE", 1, 1, "Put a backup in the place of the database.",
     "The backup is verified before anything is replaced; the old database is kept beside it. "
     "Refuses "
     "while a server runs. A database on a server must be empty.",
     RESTORE_OPTIONS, SETTING_CLIENT | SETTING_STORE, COMPLETE_FILE, cmd_restore},
    {"verify", "", 0, 0, "Is the record whole, or were events edited or deleted?",
     "Walks the whole chain of events: how many there are, and the first that was edited or is "
     "missing. "
     "Asks the server, which goes on taking alerts; without one, or with --file or --database-url, "
     "it reads that database and changes nothing. Exit code 3 when the record is not whole.",
     VERIFY_OPTIONS, SETTING_CLIENT | SETTING_STORE, 0, cmd_verify},
    {"migrate", "", 0, 0, "Bring the schema of the database forward.",
     "For a database that several nodes share, once before the first of them is renewed; in a data "
     "directory `tocsin serve` does it by itself. Each step runs in a transaction and leaves alone "
     "what still pages somebody, or is undone. Nodes may go on working, those of the version "
     "before "
     "too.",
     MIGRATE_OPTIONS, SETTING_STORE, 0, cmd_migrate},
    {"move", "", 0, 0, "Move everything to another database, of either kind.",
     "From a data directory to PostgreSQL or back, with all servers stopped. Every table is "
     "compared "
     "on both sides, and so is what still pages somebody; with any difference nothing is kept. A "
     "place is a data directory, postgresql://..., or file:PATH of a file with such a line, so "
     "that "
     "no "
     "password shows in process lists.",
     MOVE_OPTIONS, 0, COMPLETE_FILE, cmd_move},
    {"openapi", "", 0, 0, "Print the description of the HTTP API.", NULL, NULL, SETTING_CLIENT, 0,
     cmd_openapi},
    {"completion", "SHELL", 1, 1, "Print the completion for bash, zsh or fish.",
     "`make install` puts all three where the shells look. Otherwise, for bash and zsh: source "
     "<(tocsin completion bash); for fish: tocsin completion fish | source.",
     NULL, 0, 0, cmd_completion},
    {"manual", "", 0, 0, "Print the manual page.", "To read it: tocsin manual | man -l -",
     MANUAL_OPTIONS, 0, 0, cmd_manual},
    {"version", "", 0, 0, "Print the version.", NULL, NULL, 0, 0, cmd_version},
    {"help", "[COMMAND]", 0, 3, "Say how a command is used.", NULL, NULL, 0, 0, cmd_help},
};
const size_t COMMAND_COUNT = G_N_ELEMENTS(COMMANDS);
