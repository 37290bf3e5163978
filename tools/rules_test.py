#!/usr/bin/env python3
"""Plants each violation in a small house of its own and sees tools/rules find it, and only it."""
import importlib.machinery
import importlib.util
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

    def found(self, files):
        return [(name, line, rule) for name, line, rule, _ in self.house(files).run()]

    def test_a_clean_house(self):
        self.assertEqual([], self.found({
            "src/paging/step.h": "/* paging/step.h - when? */\n#ifndef PAGE_STEP_H\n#define PAGE_STEP_H\n#endif\n",
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

    def test_sql_outside_a_store(self):
        for sql in ("SELECT id FROM alert", "INSERT INTO a VALUES (1)", "UPDATE alert SET x = 1",
                    "DELETE FROM alert", "WITH due AS (SELECT 1)", " PRAGMA user_version"):
            with self.subTest(sql):
                self.assertEqual([("src/paging/pager.c", 1, "sql")],
                                 self.found({"src/paging/pager.c": 'const char *S = "%s";\n' % sql}))

    def test_sql_where_it_belongs(self):
        for name in ("src/paging/page_store.c", "src/db/sqlite.c", "src/paging/page_test.c"):
            with self.subTest(name):
                self.assertEqual([], self.found({name: 'const char *S = "SELECT 1";\n'}))

    def test_words_that_are_not_sql(self):
        for text in ("Select a person", "DELETE", "UPDATE", "With care", "DELETE /api/v1/tokens/{id}"):
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
                         "#ifndef PAGE_X_H\n#define PAGE_X_H\n#endif\n"}))

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
                     'if (strcmp(by, "tocsin") == 0) {', 'return g_strcmp0(who, "local");'):
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

    def purity(self, name, source):
        house = self.house({name: source}, build="out")
        folder, file = name.split("/")[1:]
        objects = os.path.join(house.build, "src", folder, "lib%s.a.p" % folder)
        os.makedirs(objects)
        subprocess.run(["gcc", "-std=gnu17", "-O2", "-c", os.path.join(house.root, name),
                        "-o", os.path.join(objects, file + ".o")], check=True)
        house.check_purity()
        return [(found, line, rule) for found, line, rule, _ in house.findings]

    def test_an_impure_rule_file(self):
        source = "struct utc;\nlong clock_now(void);\nlong f(void)\n{\n    return %s;\n}\nlong f(void);\n"
        for what in ("clock_now()", "db_open()", "sqlite3_step()", "pthread_self()", "g_get_real_time()"):
            with self.subTest(what):
                text = "long %s;\n%s" % (what.replace("()", "(void)"), source % what)
                found = self.purity("src/paging/step.c", text)
                self.assertEqual([("src/paging/step.c", "purity")], [(f[0], f[2]) for f in found])

    def test_a_pure_rule_file(self):
        self.assertEqual([], self.purity("src/paging/step.c", "void check_failed(void);\nvoid f(void);\n"
                                         "void f(void)\n{\n    check_failed();\n}\n"))

    def test_a_store_may_do(self):
        self.assertEqual([], self.purity("src/paging/page_store.c", "void db_run(void);\nvoid f(void);\n"
                                         "void f(void)\n{\n    db_run();\n}\n"))

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
