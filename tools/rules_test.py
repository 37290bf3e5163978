#!/usr/bin/env python3
"""Plants each violation in a small house of its own and sees tools/rules find it, and only it."""
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("rules", os.path.join(HERE, "rules"))
spec = importlib.util.spec_from_loader("rules", loader)
rules = importlib.util.module_from_spec(spec)
loader.exec_module(rules)

FLOORS = """# The house
| floor | folder | what |
|---|---|---|
| 1 | `src/base` | ground |
| 2 | `src/db` | database |
| 2 | `src/http` | server |
| 3 | `src/ledger` | one writer |
| 4 | `src/ledger/node` | several |
| 5 | `src/oncall` | schedules |
| 6 | `src/alert` | alerts |
| 9 | `src/paging` | paging |
| 11 | `src/api` | resources |
| 12 | `src/app`, `sim` | wiring |
"""


class RulesTest(unittest.TestCase):
    def house(self, files, build=None):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        files = dict({"docs/architecture.md": FLOORS}, **files)
        for name, text in files.items():
            path = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return rules.House(self.folder.name, build and os.path.join(self.folder.name, build))

    def found(self, files, without=""):
        return [(name, line, rule) for name, line, rule, _ in self.house(files).run() if rule not in without.split()]

    def test_a_clean_house(self):
        self.assertEqual([], self.found({
            "src/paging/step.h": "/* paging/step.h - when? */\n#ifndef PAGING_STEP_H\n#define PAGING_STEP_H\n#endif\n",
            "src/paging/step.c": '#include "paging/step.h"\n#include "alert/alert.h"\n#include "base/utc.h"\n',
            "src/app/main.c": 'const char *h(void)\n{\n    return getenv("HOME");\n}\n',
            "src/paging/step_store.c": 'const char *SQL = "SELECT 1";\n',
        }))

    def test_an_include_from_above(self):
        self.assertEqual([("src/oncall/shift.c", 2, "floors")],
                         self.found({"src/oncall/shift.c": '#include "base/utc.h"\n#include "paging/step.h"\n'}))

    def test_an_include_from_beside(self):
        self.assertEqual([("src/db/x.c", 1, "floors")], self.found({"src/db/x.c": '#include "http/http.h"\n'}))

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual([], self.found({"src/db/x.c": '/*\n#include "http/http.h"\n*/\n'}))

    def test_a_folder_without_a_floor(self):
        self.assertEqual([("src/cellar/x.c", 1, "floors")], self.found({"src/cellar/x.c": "int x;\n"}))

    def test_an_include_in_a_subfolder(self):
        above = '#include "paging/step.h"\n'
        self.assertEqual([("src/oncall/ical/x.c", 1, "floors")], self.found({"src/oncall/ical/x.c": above}))
        self.assertEqual([("src/oncall/x.c", 1, "floors")],
                         self.found({"src/oncall/x.c": '#include "paging/escalation/step.h"\n'}))
        self.assertEqual([], self.found({"src/oncall/ical/x.c": '#include "oncall/shift.h"\n#include "db/db.h"\n',
                                         "src/oncall/y.c": '#include "oncall/ical/x.h"\n'}))

    def test_a_subfolder_with_a_floor_of_its_own(self):
        self.assertEqual([("src/ledger/x.c", 1, "floors")],
                         self.found({"src/ledger/x.c": '#include "ledger/node/n.h"\n',
                                     "src/ledger/node/n.c": '#include "ledger/x.h"\n'}))

    def test_what_lies_with_its_noun_and_stands_higher(self):
        up = '#include "paging/step.h"\n#include "api/job.h"\n'
        shapes = "/* oncall/shift_shapes.h - what? */\n#ifndef ONCALL_SHIFT_SHAPES_H\n#define ONCALL_SHIFT_SHAPES_H\n#endif\n"
        beside = '#include "oncall/shift_shapes.h"\n'
        self.assertEqual([], self.found({"src/oncall/shift_api.c": up + beside, "src/oncall/shift_html.c": up,
                                         "src/oncall/ical/feed_api.c": up, "src/oncall/oncall_feature.c": up,
                                         "src/oncall/shift_shapes.h": shapes, "src/paging/page_api.c": beside}))
        self.assertEqual([("src/oncall/shift.c", 1, "floors")], self.found({"src/oncall/shift.c": beside}))
        self.assertEqual([("src/oncall/shift_api.c", 1, "floors")],
                         self.found({"src/oncall/shift_api.c": '#include "app/place.h"\n'}))
        self.assertEqual([("src/paging/api.c", 1, "floors")], self.found({"src/paging/api.c": '#include "api/job.h"\n'}))
        self.assertEqual([], self.found({"src/app/doctor_api.c": '#include "app/place.h"\n'}))

    def test_a_guard_in_a_subfolder(self):
        head = "/* db/sqlite/x.h - y */\n#ifndef %s\n#define %s\n#endif\n"
        self.assertEqual([], self.found({"src/db/sqlite/x.h": head % (("DB_SQLITE_X_H",) * 2)}))
        self.assertEqual([("src/db/sqlite/x.h", 1, "guard")],
                         self.found({"src/db/sqlite/x.h": head % (("DB_X_H",) * 2)}))

    def test_sql_outside_a_store(self):
        for sql in ("SELECT id FROM alert", "INSERT INTO a VALUES (1)", "UPDATE alert SET x = 1",
                    "DELETE FROM alert", "WITH due AS (SELECT 1)", " PRAGMA user_version",
                    "BEGIN; SELECT 1", " WHERE id = 1", " ORDER BY id", "LEFT JOIN page ON 1", "UPDATE alert ",
                    "ALTER TABLE alert ADD x", "ON CONFLICT (id) DO NOTHING", "RETURNING id"):
            with self.subTest(sql):
                self.assertEqual([("src/paging/pager.c", 1, "sql")],
                                 self.found({"src/paging/pager.c": 'const char *S = "%s";\n' % sql}))

    def test_sql_of_several_texts(self):
        for name, text, line in (("joined", 'x("SEL"\n  "ECT id FROM alert");\n', 1),
                                 ("with a token", 'int y;\nx("UPDATE " TABLE " SET z = 1");\n', 2),
                                 ("with a line break in it", 'x("\\n  SELECT 1");\n', 1)):
            with self.subTest(name):
                self.assertEqual([("src/paging/x.c", line, "sql")], self.found({"src/paging/x.c": text}))

    def test_sql_where_it_belongs(self):
        for name in ("src/paging/escalation/page_store.c", "src/db/sqlite/query.c", "src/paging/page_store.c", "src/db/sqlite.c", "src/paging/page_test.c"):
            with self.subTest(name):
                self.assertEqual([], self.found({name: 'const char *S = "SELECT 1";\n'}))

    def test_numbers_of_an_enumeration(self):
        for sql, rules_ in (("SELECT 1 FROM page WHERE state = 1", ["token"]), (" AND n.kind IN (1, 2)", ["token"]),
                            (" AND d.state <> 6", ["token"]), ("p.state NOT IN (3, 4)", ["token"]),
                            (" AND state = {page.active}", []), (" AND state = $1", []), (" AND tries > 0", [])):
            with self.subTest(sql):
                self.assertEqual([("src/paging/x_store.c", 1, rule) for rule in rules_],
                                 self.found({"src/paging/x_store.c": 'const char *S = "%s";\n' % sql}))

    def test_words_that_are_not_sql(self):
        for text in ("Select a person", "DELETE", "UPDATE", "With care", "DELETE /api/v1/tokens/{id}",
                     "FROM", "Where it is", "ON", "RETURNING", "Update it", "from the file", "VALUES and names"):
            with self.subTest(text):
                self.assertEqual([], self.found({"src/api/x.c": 'const char *S = "%s";\n' % text}))

    def test_each_banned_call(self):
        for call in rules.BANNED:
            with self.subTest(call):
                self.assertEqual([("src/paging/x.c", 1, "banned")],
                                 self.found({"src/paging/x.c": "int y = (int)%s(z);\n" % call}))

    def test_lookalikes_of_banned_calls(self):
        self.assertEqual([], self.found({"src/paging/x.c":
                         'g_free(a);\nb->free(b);\nc.time(c);\nassert_true(d);\nconst char *t = "time(0)";\n'
                         '/* malloc(1) */\nalert_free(e);\nzone_mktime(f);\n'}))

    def test_a_reason_allows(self):
        self.assertEqual([], self.found({"src/paging/x.c":
                         "/* rules: allow banned: libical owns this buffer */\nfree(a);\n"}))

    def test_an_exception_needs_a_reason(self):
        self.assertEqual([("src/paging/x.c", 2, "banned")],
                         self.found({"src/paging/x.c": "/* rules: allow banned: */\nfree(a);\n"}))

    def test_getenv_below_app(self):
        self.assertEqual([("src/base/x.c", 1, "banned")], self.found({"src/base/x.c": 'getenv("X");\n'}))

    def test_sleeping(self):
        for name, text in (("src/paging/x_test.c", "sleep(1);\n"), ("test/load/x.c", "usleep(9);\n"),
                           ("test/scenario/x.py", "    time.sleep(1)\n"),
                           ("test/browser/x.ts", "page.waitForTimeout(5)\n")):
            with self.subTest(name):
                self.assertEqual([(name, 1, "sleep")], self.found({name: text}))

    def test_a_long_function(self):
        body = "    x++;\n" * 71
        self.assertEqual([("src/paging/x.c", 2, "size")], self.found({"src/paging/x.c": "void f(void)\n{\n%s}\n" % body}))
        self.assertEqual([], self.found({"src/paging/x.c": "void f(void)\n{\n%s}\n" % body[9:]}))

    def test_a_long_file(self):
        self.assertEqual([("src/paging/x.c", 601, "size")], self.found({"src/paging/x.c": "int x;\n" * 601}))
        self.assertEqual([], self.found({"src/paging/x.c": "int x;\n" * 600}))

    def test_a_wrong_guard(self):
        self.assertEqual([("src/paging/x.h", 1, "guard")], self.found({"src/paging/x.h":
                         "/* paging/x.h - y */\n#ifndef X_H\n#define X_H\n#endif\n"}))

    def test_a_header_that_does_not_say_what_it_is(self):
        self.assertEqual([("src/paging/x.h", 1, "headline")], self.found({"src/paging/x.h":
                         "#ifndef PAGING_X_H\n#define PAGING_X_H\n#endif\n"}))

    def test_a_typedefed_struct(self):
        self.assertEqual([("src/paging/x.c", 1, "typedef")], self.found({"src/paging/x.c": "typedef struct x x;\n"}))

    def test_a_route_without_a_permit(self):
        table = 'const struct route_row X_ROUTES[] = {\n    {"GET", "/a", &PERMIT_A_READ, a, "s", .params = (P){{"x"}}},\n%s};\n'
        self.assertEqual([], self.found({"src/api/x.c": table % ""}))
        self.assertEqual([], self.found({"src/api/x.c": table % '    {"GET", "/", NULL, b, .door = HTTP_DOOR_ANYONE},\n'}))
        self.assertEqual([("src/api/x.c", 3, "permit")],
                         self.found({"src/api/x.c": table % '    {"POST", "/b", .handler = b},\n'}))
        self.assertEqual([("src/api/x.c", 3, "permit")],
                         self.found({"src/api/x.c": table % '    {"POST", "/b", NULL, b, "s"},\n'}))

    def test_an_actor_taken_apart(self):
        for line in ('if (g_str_has_prefix(actor, "user:")) {', 'x = g_strdup_printf("token:%s", name);',
                     'if (strcmp(by, "tocsin") == 0) {', 'return g_strcmp0(who, "local");',
                     '" AND who LIKE \'channel:%\'"', '" AND actor = \'user:\' || who"'):
            with self.subTest(line):
                self.assertEqual([("src/paging/x.c", 1, "principal")], self.found({"src/paging/x.c": line + "\n"}))
        self.assertEqual([], self.found({"src/paging/x.c": '.doc = "\\"user:ana\\".",\nx = g_strdup("tocsin");\n',
                                         "src/paging/x_test.c": 'x(strcmp(by, "local"));\n',
                                         "src/base/principal.c": '{PRINCIPAL_USER, "user:"},\n'}))

    def test_a_path_of_one_machine(self):
        for path in ("/wo" "rk/main/x", "/ho" "me/ana/x"):
            with self.subTest(path):
                self.assertEqual([("docs/x.md", 1, "path")], self.found({"docs/x.md": "see %s\n" % path}))

    def test_paths_that_are_fine(self):
        self.assertEqual([], self.found({"docs/x.md": "docs/wo" "rk/x, https://a.example/ho" "me/x, $HOME/ro" "ot/y\n"}))

    def test_an_unfinished_mark(self):
        self.assertEqual([("src/paging/x.c", 1, "mark")], self.found({"src/paging/x.c": "/* TO" "DO: later */\n"}))

    def test_a_thread_below_app(self):
        for call in ("pthread_create(&t, NULL, f, NULL)", "thrd_create(&t, f, NULL)", 'g_thread_new("x", f, NULL)'):
            with self.subTest(call):
                self.assertEqual([("src/paging/x.c", 2, "thread")],
                                 self.found({"src/paging/x.c": "int t;\nint r = %s;\n" % call}))

    def test_threads_where_they_belong(self):
        call = "int r = pthread_create(&t, NULL, f, NULL);\n"
        files = {"src/" + short: call for short in rules.THREAD_MAKERS}
        floors = FLOORS.replace("`src/api`", "`src/api`, `src/channel`, `src/cli`")
        house = self.house(dict(files, **{"src/app/x.c": call, "src/paging/x_test.c": call,
                                          "docs/architecture.md": floors}))
        self.assertEqual([], house.run())

    def test_a_thread_that_is_listed_and_gone(self):
        self.assertEqual([("tools/rules", 1, "thread")] * len(rules.THREAD_MAKERS),
                         self.found({"tools/rules": "", "src/app/x.c": "int x;\n"}))

    def test_one_name_for_two_structs(self):
        first, second = "struct a {\n    int x;\n};\n", "struct b {\n    struct {\n        int y;\n    } z;\n};\n"
        self.assertEqual([], self.found({"src/oncall/x.c": first, "src/paging/y.h": "", "src/paging/y.c": second,
                                         "src/paging/y_test.c": first,
                                         "src/paging/z.c": "struct a *f(const struct a *a)\n{\n    return a;\n}\n"
                                         }, without="guard headline"))
        self.assertEqual([("src/paging/y.c", 6, "struct")],
                         self.found({"src/oncall/x.c": first, "src/paging/y.c": second + first}))

    def test_a_span_in_a_static_table(self):
        row = "{\n    {\"a\", SPAN_S(5)},\n};\n"
        for head in ("static const struct row ROWS[] = ", "const struct row ROWS[] = ", "static struct row ROWS[] = "):
            with self.subTest(head):
                self.assertEqual([("src/paging/x.c", 2, "table")], self.found({"src/paging/x.c": head + row}))
        self.assertEqual([("src/paging/x.c", 4, "table")], self.found(
            {"src/paging/x.c": "void f(void)\n{\n    static const struct row ROWS[] =\n        {SPAN_MIN(1)};\n}\n"}))
        self.assertEqual([], self.found(
            {"src/paging/x.c": "void f(void)\n{\n    const struct row rows[] = {{SPAN_MIN(1)}};\n    g(SPAN_S(5));\n}\n"
             "#define EVERY SPAN_MIN(30)\nstatic const int64_t EVERY_US = 5;\nstruct span x = g(SPAN_S(1));\n"}))

    def test_a_planted_mistake(self):
        self.assertEqual([("src/ledger/x.c", 2, "plant")],
                         self.found({"src/ledger/x.c": "int y;\nint z = ledger->planted & LEDGER_BUG_NO_FENCE;\n"}))
        self.assertEqual([], self.found({"src/ledger/x.c": "bool z = PLANTED(ledger->planted,\n LEDGER_BUG_NO_FENCE);\n",
                                         "src/ledger/x_test.c": "int z = LEDGER_BUG_NO_FENCE;\n",
                                         "src/ledger/x_harness.c": "int z = DB_BUG_NO_TURN;\n"}))

    def test_a_released_program_with_a_mistake_in_it(self):
        for source, symbols in (("int main(void)\n{\n    return 0;\n}\n", []),
                                ("int transplant(void);\nint transplant(void)\n{\n    return 0;\n}\n"
                                 "int main(void)\n{\n    return transplant();\n}\n", []),
                                ("int plant_holds(void);\nint plant_holds(void)\n{\n    return 0;\n}\n"
                                 "int main(void)\n{\n    return plant_holds();\n}\n", ["plant_holds"]),
                                ("int db_plant(void);\nint db_plant(void)\n{\n    return 0;\n}\n"
                                 "int main(void)\n{\n    return db_plant();\n}\n", ["db_plant"])):
            with self.subTest(symbols):
                house = self.house({"x.c": source})
                program = os.path.join(house.root, "x")
                subprocess.run(["gcc", "-o", program, program + ".c"], check=True)
                house.check_released(program)
                self.assertEqual(symbols, [what.split()[0] for _, _, _, what in house.findings])
        subprocess.run(["strip", program], check=True)
        house.findings.clear()
        house.check_released(program)
        self.assertEqual(["plant"], [rule for _, _, rule, _ in house.findings])

    def test_what_is_done_in_one_place(self):
        for name, text in (("html", 'g_string_append(out, "&quot;");\n'), ("html", "x = g_markup_escape_text(y, -1);\n"),
                           ("bearer", 'if (g_ascii_strncasecmp(header, "Bearer ", 7) == 0) {\n'),
                           ("bearer", 'bool is = g_str_has_prefix(header, "Bearer ");\n'),
                           ("rfc 3339", 'g_snprintf(out, 30, "%04d-%02d-%02dT%02d:%02d:%02dZ", a, b, c, d, e, f);\n'),
                           ("rfc 3339", 'x = g_strdup_printf("%.19s.%03dZ", at, ms);\n'),
                           ("rfc 3339", 'x = g_date_time_format(at, "%FT%TZ");\n')):
            with self.subTest(text):
                self.assertEqual([("src/paging/x.c", 1, "law")], self.found({"src/paging/x.c": text}))
        self.assertEqual([], self.found({"src/http/html.c": 'x("&quot;");\n',
                                         "src/http/request.c": 'if (cmp(header, "Bearer ", 7) == 0) {\n',
                                         "src/paging/x.c": 'x = g_strdup_printf("Bearer %s", key);\n'
                                         'y = g_strdup_printf("%04d%02d%02dT%02d%02d%02dZ", a, b, c, d, e, f);\n'}))

    def purity(self, files):
        """`files`: below src, each its own object of its folder's library."""
        house = self.house({"src/" + name: source for name, source in files.items()}, build="out")
        commands = []
        for name in files:
            output = os.path.join("src", name.split("/")[0], "lib%s.a.p" % name.split("/")[0],
                                  "_".join(name.split("/")[1:]) + ".o")
            os.makedirs(os.path.dirname(os.path.join(house.build, output)), exist_ok=True)
            subprocess.run(["gcc", "-std=gnu17", "-O2", "-c", os.path.join(house.root, "src", name),
                            "-o", os.path.join(house.build, output)], check=True)
            commands.append({"directory": house.build, "file": os.path.join("..", "src", name), "output": output})
        with open(os.path.join(house.build, "compile_commands.json"), "w", encoding="utf-8") as file:
            json.dump(commands, file)
        house.check_purity()
        return [(found, line, rule) for found, line, rule, _ in house.findings]

    def test_an_impure_rule_file(self):
        source = "struct utc;\nlong clock_now(void);\nlong f(void)\n{\n    return %s;\n}\nlong f(void);\n"
        for what in ("clock_now()", "clock_elapsed()", "random_fill()", "db_open()", "queue_wake()", "sqlite3_step()", "pthread_self()",
                     "g_get_real_time()"):
            for name in ("paging/step.c", "paging/escalation/step.c", "access/key.c"):
                with self.subTest(what + name):
                    text = "long %s;\n%s" % (what.replace("()", "(void)"), source % what)
                    found = self.purity({name: text})
                    self.assertEqual([("src/" + name, "purity")], [(f[0], f[2]) for f in found])

    def test_a_rule_file_that_uses_a_doer(self):
        use = "long %s(void);\nlong f(void);\nlong f(void)\n{\n    return %s();\n}\n"
        doing = "long %s(void);\nlong %s(void)\n{\n    return 1;\n}\n"
        for doer in ("paging/page_store.c", "paging/mailbox/take_work.c", "alert/alert_store.c", "paging/pager.c"):
            with self.subTest(doer):
                self.assertEqual([("src/paging/step.c", 1, "purity")],
                                 self.purity({"paging/step.c": use % (("any_name",) * 2),
                                              doer: doing % (("any_name",) * 2)}))
        self.assertEqual([], self.purity({"paging/step.c": use % (("any_name",) * 2),
                                          "paging/throttle.c": doing % (("any_name",) * 2)}))

    def test_a_rule_file_that_knows_the_machine(self):
        text = "extern const int %s;\nint f(void);\nint f(void)\n{\n    return %s;\n}\n"
        for what in ("CLOCK_SYSTEM", "RANDOM_SYSTEM", "DISK_SYSTEM"):
            with self.subTest(what):
                self.assertEqual([("src/oncall/shift.c", 1, "purity")], self.purity({"oncall/shift.c": text % (what, what)}))
        self.assertEqual([], self.purity({"oncall/shift.c": text % ("SYSTEM_NAMES", "SYSTEM_NAMES")}))

    def test_a_pure_rule_file(self):
        self.assertEqual([], self.purity({"paging/step.c": "void check_failed(void);\nvoid f(void);\n"
                                         "void f(void)\n{\n    check_failed();\n}\n"}))

    def test_a_store_may_do(self):
        self.assertEqual([], self.purity({"paging/page_store.c": "void db_run(void);\nvoid f(void);\n"
                                         "void f(void)\n{\n    db_run();\n}\n"}))

    def test_a_rule_file_that_was_not_built(self):
        house = self.house({"src/paging/step.c": "int x;\n"}, build="out")
        house.check_purity()
        self.assertEqual(["purity"], [rule for _, _, rule, _ in house.findings])

    def test_every_finding_has_a_remedy(self):
        house = self.house({"src/oncall/x.c": '#include "paging/x.h"\ntypedef struct a a;\nfree(a);\n'})
        for _, _, rule, what in house.run():
            with self.subTest(rule):
                self.assertIn(";", what)


if __name__ == "__main__":
    unittest.main()
