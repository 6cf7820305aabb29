#include "config/nginx_import/tree.h"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;
using namespace switchyard::config::nginx;

TEST_CASE("blocks nest and directives know where they stand") {
    const ConfFolder folder;
    const auto file = folder.write("nginx.conf", "http {\n  server {\n    listen 80;\n  }\n}\n");
    const Tree tree = read_tree(file);
    REQUIRE_FALSE(tree.fault);
    REQUIRE(tree.directives.size() == 1);
    const Directive& listen = tree.directives[0].children.at(0).children.at(0);
    CHECK(listen.written() == "listen 80");
    CHECK(listen.line == 3);
    CHECK(listen.file == file.string());
}

TEST_CASE("included files stand in the place of the include, globs in order of names") {
    const ConfFolder folder;
    const auto file = folder.write("nginx.conf", "include top.conf;\nhttp { include conf.d/*.conf; }\n");
    folder.write("top.conf", "user www;");
    folder.write("conf.d/20.conf", "b;");
    folder.write("conf.d/10.conf", "a;\ninclude snippets/x;");
    folder.write("snippets/x", "x;");
    folder.write("conf.d/30.txt", "c;");
    const Tree tree = read_tree(file);
    REQUIRE_FALSE(tree.fault);
    CHECK(tree.directives.at(0).name == "user");
    std::string names;
    for (const auto& directive : tree.directives.at(1).children) names += directive.name;
    CHECK(names == "axb");
    CHECK(tree.directives.at(1).children.at(0).file == (folder.path() / "conf.d/10.conf").string());
    CHECK(tree.notes.empty());
}

TEST_CASE("an include that finds nothing is noted") {
    const ConfFolder folder;
    const Tree tree = read_tree(folder.write("nginx.conf", "include none/*.conf;\ninclude gone.conf;"));
    REQUIRE_FALSE(tree.fault);
    REQUIRE(tree.notes.size() == 2);
    CHECK(tree.notes[0].kind == Note::Kind::unneeded);
    CHECK(tree.notes[1].kind == Note::Kind::lost);
    CHECK(tree.notes[1].line == 2);
    CHECK(tree.notes[1].what == "include gone.conf");
}

TEST_CASE("what nginx would refuse is a fault with file and line") {
    const std::vector<std::tuple<std::string, std::string, unsigned>> rows{
        {"a;\nb {\n c;\n", "the block that opens here is not closed", 2},
        {"a;\n}\n", "unexpected '}'", 2},
        {"a;\n;\n", "unexpected ';'", 2},
        {"{ a; }", "unexpected '{'", 1},
        {"a\nb", "\"a b\" is not ended by ';' or a block", 1},
        {"a {\n b\n}\n", "expected ';' before '}' to end \"b\"", 3},
        {"a 'x", "a quote is not closed", 1},
    };
    for (const auto& [text, what, line] : rows) {
        CAPTURE(text);
        const ConfFolder folder;
        const Tree tree = read_tree(folder.write("nginx.conf", text));
        REQUIRE(tree.fault);
        CHECK(tree.fault->what == what);
        CHECK(tree.fault->line == line);
        CHECK(tree.fault->file == (folder.path() / "nginx.conf").string());
    }
}

TEST_CASE("a fault in an included file names that file") {
    const ConfFolder folder;
    const auto file = folder.write("nginx.conf", "include a.conf;");
    folder.write("a.conf", "\n\nx {");
    const Tree tree = read_tree(file);
    REQUIRE(tree.fault);
    CHECK(tree.fault->file == (folder.path() / "a.conf").string());
    CHECK(tree.fault->line == 3);
}

TEST_CASE("files that include each other come to an end") {
    const ConfFolder folder;
    const auto file = folder.write("nginx.conf", "include nginx.conf;");
    const Tree tree = read_tree(file);
    REQUIRE(tree.fault);
    CHECK(tree.fault->what == "files include each other without end");
    CHECK(import_nginx(folder.path() / "no-such.conf").fault);
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "a {";
    CHECK(read_tree(folder.write("deep.conf", deep)).fault);
}
