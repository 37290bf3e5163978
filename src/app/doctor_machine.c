#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <curl/curl.h>

#include "app/doctor.h"
#include "base/mail_name.h"
#include "base/zone.h"
#include "people/user.h"

#define DISK_PROBLEM_BYTES INT64_C(67108864)   /* 64 MB */
#define DISK_WARNING_BYTES INT64_C(1073741824) /* 1 GB */
/* Nothing of ours ran before this was written. */
#define CLOCK_FLOOR ((struct utc){INT64_C(1767225600000000)}) /* 2026-01-01 */

void doctor_disk(struct doctor *doctor)
{
    struct statvfs about;
    const char *data = doctor->settings->data;
    if (statvfs(data, &about) != 0) {
        return;
    }
    int64_t free_bytes = (int64_t)about.f_bavail * (int64_t)about.f_frsize;
    if ((about.f_flag & ST_RDONLY) != 0) {
        lint_add(doctor->findings, LINT_PROBLEM, "disk", "", "Mount it for writing.",
                 "The file system of %s is read-only.", data);
    } else if (free_bytes < DISK_WARNING_BYTES) {
        lint_add(doctor->findings, free_bytes < DISK_PROBLEM_BYTES ? LINT_PROBLEM : LINT_WARNING,
                 "disk", "", "Make room: with a full disk no new alert is accepted.",
                 "Only %.0f MB are free for %s.", (double)free_bytes / 1e6, data);
    }
}

void doctor_clock(struct doctor *doctor)
{
    if (utc_before(doctor->now, CLOCK_FLOOR)) {
        lint_add(doctor->findings, LINT_PROBLEM, "clock", "",
                 "Set the clock, and install a time service.",
                 "The clock of this machine is years behind.");
        return;
    }
    struct timex state = {0};
    if (adjtimex(&state) == TIME_ERROR && (state.status & STA_UNSYNC) != 0) {
        lint_add(doctor->findings, LINT_NOTE, "clock", "",
                 "Install a time service such as chrony or systemd-timesyncd.",
                 "The kernel does not know the clock to be synchronized; hand-offs follow it.");
    }
}

/* "# version 2024a" at the head of tzdata.zi. */
static bool zones_version(char out[16])
{
    FILE *file = fopen("/usr/share/zoneinfo/tzdata.zi", "re");
    char line[64];
    bool is_read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (!is_read || !g_str_has_prefix(line, "# version ")) {
        return false;
    }
    g_strlcpy(out, g_strchomp(line + strlen("# version ")), 16);
    return true;
}

void doctor_zones(struct doctor *doctor)
{
    struct fault fault = {0};
    const struct zone *zone = zone_load("Europe/Paris", &fault);
    if (zone == NULL) {
        lint_add(doctor->findings, LINT_PROBLEM, "zones", "", "Install the package tzdata.",
                 "Time zones cannot be read: %s", fault.text);
        return;
    }
    char version[16];
    int64_t year = 0;
    const struct zone *utc = zone_load("UTC", &fault);
    if (!zones_version(version) || utc == NULL) {
        return;
    }
    g_autofree char *digits = g_strndup(version, 4);
    bool is_known = g_ascii_string_to_signed(digits, 10, 1990, 9999, &year, NULL);
    if (is_known && year < zone_civil(utc, doctor->now).year - 1) {
        lint_add(doctor->findings, LINT_WARNING, "zones", "", "Upgrade the package tzdata.",
                 "The time zone data is of %s: governments have changed rules since.", version);
    }
}

static bool somebody_has_mail(const struct config *config)
{
    const GPtrArray *users = config_items(config, &USER_KIND);
    for (guint i = 0; i < users->len; i++) {
        const struct user *user = users->pdata[i];
        for (guint c = 0; c < user->contacts->len; c++) {
            if (((const struct contact *)user->contacts->pdata[c])->kind == CONTACT_EMAIL) {
                return true;
            }
        }
    }
    return false;
}

/* Connects, says EHLO, and logs in where a name is given; sends nothing. */
static CURLcode greet_mail_server(const struct settings *settings)
{
    CURL *curl = curl_easy_init();
    CHECK(curl != NULL);
    g_autofree char *url =
        mail_greeting_url(settings->smtp_url, settings->smtp_hello, settings->public_url);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 8000L);
    curl_easy_setopt(
        curl, CURLOPT_USE_SSL,
        (long)(settings->smtp_tls == SMTP_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (settings->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
    }
    if (settings->smtp_user != NULL) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, settings->smtp_user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, settings->smtp_password);
    }
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

void doctor_mail(struct doctor *doctor)
{
    bool is_needed = somebody_has_mail(doctor->config);
    if (doctor->settings->smtp_url == NULL) {
        if (is_needed) {
            lint_add(doctor->findings, LINT_PROBLEM, "mail", "",
                     "Set TOCSIN_SMTP_URL to your mail server: smtp://host:587.",
                     "People have e-mail contacts, but no mail server is set.");
        }
        return;
    }
    CURLcode code = greet_mail_server(doctor->settings);
    if (code != CURLE_OK) {
        lint_add(
            doctor->findings, is_needed ? LINT_PROBLEM : LINT_WARNING, "mail", "",
            "Check TOCSIN_SMTP_URL, TOCSIN_SMTP_USER and TOCSIN_SMTP_PASSWORD, and the way there.",
            "The mail server %s does not take us: %s", doctor->settings->smtp_url,
            curl_easy_strerror(code));
    }
}
