// Pages in place of the proxy's own errors.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

// Files of a test, gone with it.
struct Pages {
    std::filesystem::path folder;
    Pages() {
        std::string name = (std::filesystem::temp_directory_path() / "pages-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder = name;
        std::ofstream(folder / "403.html") << "<h1>not here</h1>";
        std::ofstream(folder / "errors.txt") << "out of order";
    }
    ~Pages() { std::filesystem::remove_all(folder); }
    // Of what the files hold the stage's worker is told.
    void show(Stage& stage, const std::string& more = {}) const {
        for (const char* name : {"403.html", "errors.txt"}) {
            const auto file = (folder / name).string();
            stage.crank->registry.pages().take(file, PageShelf::read(file, {}));
        }
        stage.crank->publish(one_route({stage.endpoints[0]->port()}, config() + more));
    }
    std::string config() const {
        return R"("error_pages": {"403": ")" + (folder / "403.html").string() + R"(", "5xx": ")" +
               (folder / "errors.txt").string() +
               R"("}, "access": {"deny": ["127.0.0.2"]}, "retries": {"attempts": 0})";
    }
};

std::string told(Stage& stage, const std::string& client, const std::string& accept = {}) {
    Wire wire = stage.client(client);
    stage.crank->send(wire,
                      "GET / HTTP/1.1\r\nHost: a\r\n" + (accept.empty() ? "" : "Accept: " + accept + "\r\n") + "\r\n");
    stage.crank->until("the answer", [&] {
        stage.crank->turn();
        wire.read();
        const auto end = wire.seen.find("\r\n\r\n");
        return end != std::string::npos &&
               wire.seen.size() - end - 4 >= std::stoul(values(wire.seen, "Content-Length"));
    });
    return wire.seen;
}

}  // namespace

TEST_CASE("a page has the status it is for, and its type") {
    const Pages pages;
    Stage stage(1, pages.config());
    pages.show(stage);
    const std::string denied = told(stage, "127.0.0.2");
    CHECK(status_of(denied) == "403");
    CHECK(values(denied, "Content-Type") == "text/html; charset=utf-8");
    CHECK(denied.ends_with("\r\n\r\n<h1>not here</h1>"));
    stage.endpoints[0]->close();
    const std::string down = told(stage, "127.0.0.1", "text/html, application/json;q=0.9, */*");
    CHECK(status_of(down) == "502");
    CHECK(values(down, "Content-Type") == "text/plain; charset=utf-8");
    CHECK(down.ends_with("out of order"));
}

TEST_CASE("who asks for JSON keeps it") {
    const Pages pages;
    Stage stage(1, pages.config());
    pages.show(stage);
    for (const char* accept : {"application/json", "application/problem+json;q=0.5, */*"})
        CHECK(values(told(stage, "127.0.0.2", accept), "Content-Type") == "application/problem+json");
}

TEST_CASE("what a route answers by itself, and what endpoints answer, is no error of the proxy's") {
    const Pages pages;
    Stage stage(1);
    pages.show(
        stage,
        R"(, "rules": [{"name": "r", "when": {"header": "X", "present": true}, "respond": {"status": 503, "body": "as written"}}])");
    Wire client = stage.client();
    stage.crank->send(client, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n");
    CHECK(stage.crank->see(client, "as written").find("out of order") == std::string::npos);
    client.take();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, "HTTP/1.1 503 X\r\nContent-Length: 3\r\n\r\nown");
    CHECK(stage.crank->see(client, "own").find("out of order") == std::string::npos);
}
