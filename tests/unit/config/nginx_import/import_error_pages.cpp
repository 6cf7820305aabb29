#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

NginxImport with_pages(const ConfFolder& folder, const std::string& server) {
    const std::string root = folder.path().string();
    std::string text =
        "\nupstream app { server 127.0.0.1:9001; }\nserver { " + server + " location / { proxy_pass http://app; } }";
    for (auto at = text.find("ROOT"); at != std::string::npos; at = text.find("ROOT")) text.replace(at, 4, root);
    return import_http(text);
}

const ErrorPages& pages_of(const NginxImport& imported) {
    for (const Route& route : imported.model.routes)
        if (!route.split.empty()) return route.error_pages;
    throw std::runtime_error("no route sends anything on");
}

}  // namespace

TEST_CASE("a page that is a file comes along") {
    const ConfFolder folder;
    const auto page = folder.write("50x.html", "<h1>sorry</h1>").string();
    const ErrorPages wanted{{"502", page}, {"503", page}};
    CHECK(pages_of(with_pages(folder, "error_page 502 503 /50x.html; location = /50x.html { root ROOT; }")) == wanted);
    CHECK(pages_of(with_pages(folder, "root ROOT; error_page 502 503 /50x.html; location = /50x.html { internal; }")) ==
          wanted);
    CHECK(pages_of(with_pages(folder, "error_page 502 503 /e; location = /e { alias ROOT/50x.html; }")) == wanted);
}

// A page that is not there when it is needed is Switchyard's own answer, and a warning of `check`.
TEST_CASE("a page whose file is not there comes along") {
    const ConfFolder folder;
    const ErrorPages wanted{{"502", folder.path().string() + "/none.html"}};
    CHECK(pages_of(with_pages(folder, "error_page 502 /none.html; location = /none.html { root ROOT; }")) == wanted);
}

TEST_CASE("what is no file is lost") {
    const ConfFolder folder;
    for (const char* server :
         {"error_page 502 /50x.html;", "error_page 502 @other;", "error_page 502 https://status.example/;",
          "error_page 502 =200 /50x.html; location = /50x.html { root ROOT; }"}) {
        const auto imported = with_pages(folder, server);
        CHECK(pages_of(imported).empty());
        CHECK(notes_of(imported).find("lost: error_page 502") != std::string::npos);
    }
}
