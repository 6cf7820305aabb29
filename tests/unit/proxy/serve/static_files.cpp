// Routes that answer with files.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "exchanges.h"
#include "http2_stage.h"
#include "proxy/files/file_reading.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kPage = "<h1>here</h1>\n";

struct Served {
    std::filesystem::path root;
    std::unique_ptr<Crank> crank;
    explicit Served(const std::string& more = {}, const std::string& route = {}, const std::string& listener = {}) {
        std::string name = (std::filesystem::temp_directory_path() / "static-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        root = name;
        std::filesystem::create_directory(root / "sub");
        write("index.html", kPage);
        write("sub/index.html", "below");
        write("app.js", "0123456789");
        write("app.js.gz", "coded");
        crank = std::make_unique<Crank>(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0")" +
                                        (listener.empty() ? "" : ", " + listener) +
                                        R"(}], "routes": [{"name": "site", "static": {"root": ")" + root.string() +
                                        "\"" + more + "}" + route + "}]}");
    }
    ~Served() { std::filesystem::remove_all(root); }
    void write(const std::string& name, const std::string& text) const { std::ofstream(root / name) << text; }
    void read() const {
        crank->turn();
        while (crank->files->do_one()) crank->turn();
    }
    std::string ask(Wire& client, const std::string& head) const {
        crank->send(client, head + "Host: a\r\n\r\n");
        crank->until("the answer", [&] {
            read();
            client.read();
            const auto end = client.seen.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            const bool bodiless = head.starts_with("HEAD") || status_of(client.seen) == "304";
            return bodiless || client.seen.size() - end - 4 >= std::stoul(values(client.seen, "Content-Length"));
        });
        return std::exchange(client.seen, {});
    }
    std::string ask(const std::string& head) const {
        Wire client = crank->client();
        return ask(client, head);
    }
    std::string get(const std::string& path, const std::string& lines = {}) const {
        return ask("GET " + path + " HTTP/1.1\r\n" + lines);
    }
};

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a file comes with what is known of it, again and again on one connection") {
    const Served site;
    Wire client = site.crank->client();
    for (int i = 0; i < 3; ++i) {
        const std::string answer = site.ask(client, "GET / HTTP/1.1\r\n");
        CHECK(status_of(answer) == "200");
        CHECK(body_of(answer) == kPage);
        CHECK(values(answer, "Content-Type") == "text/html; charset=utf-8");
        CHECK(values(answer, "Accept-Ranges") == "bytes");
        CHECK(values(answer, "Last-Modified").ends_with(" GMT"));
        CHECK(values(answer, "ETag").starts_with("\""));
        CHECK(values(answer, "Connection") == "-");
    }
    const std::string head = site.ask(client, "HEAD / HTTP/1.1\r\n");
    CHECK(values(head, "Content-Length") == std::to_string(kPage.size()));
    CHECK(body_of(head).empty());
    CHECK(body_of(site.ask(client, "GET /app.js HTTP/1.1\r\n")) == "0123456789");
}

TEST_CASE("folders, files that are not there, and methods that are none of a file's") {
    const Served site;
    CHECK(body_of(site.get("/sub/")) == "below");
    const std::string folder = site.get("/sub?x=1");
    CHECK(status_of(folder) == "301");
    CHECK(values(folder, "Location") == "/sub/?x=1");
    CHECK(values(site.get("//evil.example/../sub"), "Location") == "/sub/");
    CHECK(values(site.get("/a%20b/../su%62?x=1"), "Location") == "/sub/?x=1");
    CHECK(status_of(site.get("/none")) == "404");
    CHECK(status_of(site.get("/.env")) == "404");
    CHECK(status_of(site.get("/%2e%2e/%2e%2e/etc/passwd")) != "200");
    const std::string refused = site.ask("DELETE / HTTP/1.1\r\n");
    CHECK(status_of(refused) == "405");
    CHECK(values(refused, "Allow") == "GET, HEAD");
    Wire client = site.crank->client();
    CHECK(status_of(site.ask(client, "GET /none HTTP/1.1\r\n")) == "404");
    CHECK(status_of(site.ask(client, "GET / HTTP/1.1\r\n")) == "200");  // and its connection stays
}

TEST_CASE("what a path means is read once, by routes and by the folder alike") {
    const Served site(R"(, "types": {".gz": "application/gzip", ".tar.gz": "application/x-gtar"})",
                      R"(, "rules": [{"name": "shut", "when": {"path": true, "prefix": "/sub"}, "deny": 403}])");
    site.write("100%.txt", "all");
    site.write("a.tar.gz", "packed");
    CHECK(status_of(site.get("/sub/index.html")) == "403");
    CHECK(status_of(site.get("/s%75b/index.html")) == "403");
    CHECK(status_of(site.get("/s%2575b/index.html")) == "404");
    CHECK(body_of(site.get("/100%25.txt")) == "all");
    CHECK(values(site.get("/a.tar.gz"), "Content-Type") == "application/x-gtar");
}

TEST_CASE("a page of last resort that is a folder is none") {
    const Served site(R"(, "fallback": "/sub")");
    CHECK(status_of(site.get("/any")) == "404");
}

TEST_CASE("a page that finds its way by itself answers what is not there") {
    const Served site(R"(, "fallback": "/index.html")");
    CHECK(body_of(site.get("/any/view")) == kPage);
    CHECK(values(site.get("/any/view.js"), "Content-Type") == "text/html; charset=utf-8");
    CHECK(body_of(site.get("/app.js")) == "0123456789");
}

TEST_CASE("what a client has already is not sent again") {
    const Served site;
    const std::string first = site.get("/app.js");
    const std::string same = site.get("/app.js", "If-None-Match: " + values(first, "ETag") + "\r\n");
    CHECK(status_of(same) == "304");
    CHECK(values(same, "ETag") == values(first, "ETag"));
    CHECK(values(same, "Content-Length") == "-");
    CHECK(status_of(site.get("/app.js", "If-Modified-Since: " + values(first, "Last-Modified") + "\r\n")) == "304");
    CHECK(status_of(site.get("/app.js", "If-Match: \"other\"\r\n")) == "412");
    CHECK(status_of(site.get("/app.js", "If-None-Match: \"other\"\r\n")) == "200");
}

TEST_CASE("parts") {
    const Served site;
    const std::string part = site.get("/app.js", "Range: bytes=2-4\r\n");
    CHECK(status_of(part) == "206");
    CHECK(body_of(part) == "234");
    CHECK(values(part, "Content-Range") == "bytes 2-4/10");
    CHECK(body_of(site.get("/app.js", "Range: bytes=-2\r\n")) == "89");
    const std::string beyond = site.get("/app.js", "Range: bytes=10-\r\n");
    CHECK(status_of(beyond) == "416");
    CHECK(values(beyond, "Content-Range") == "bytes */10");
    CHECK(body_of(site.get("/app.js", "Range: bytes=0-1,4-5\r\n")) == "0123456789");
    CHECK(body_of(site.get("/app.js", "Range: bytes=2-4\r\nIf-Range: \"other\"\r\n")) == "0123456789");
}

TEST_CASE("what was compressed beforehand goes to those that take it, as what it is") {
    const Served site(R"(, "precompressed": ["br", "gzip"])");
    const std::string coded = site.get("/app.js", "Accept-Encoding: br, gzip\r\n");
    CHECK(body_of(coded) == "coded");
    CHECK(values(coded, "Content-Encoding") == "gzip");
    CHECK(values(coded, "Vary") == "Accept-Encoding");
    CHECK(values(coded, "Content-Type") == "text/javascript; charset=utf-8");
    const std::string plain = site.get("/app.js");
    CHECK(body_of(plain) == "0123456789");
    CHECK(values(plain, "Vary") == "Accept-Encoding");
    CHECK(body_of(site.get("/app.js", "Accept-Encoding: gzip;q=0\r\n")) == "0123456789");
}

TEST_CASE("alias takes the route's prefix off, and the route has the last word on the head") {
    const Served outer;
    Crank crank(
        R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "routes": [{"name": "assets", "match": {"path_prefix": "/assets"},
        "static": {"alias": ")" +
        outer.root.string() + R"(", "types": {".js": "application/x-own"}},
        "response_headers": {"set": {"X-Frame-Options": "DENY", "ETag": "\"own\""}}}]})");
    Wire client = crank.client();
    const auto ask = [&](const std::string& path) {
        crank.send(client, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        while (crank.files->do_one()) crank.turn();
        const std::string answer = crank.see(client, "\r\n\r\n");
        client.take();
        return answer;
    };
    const std::string answer = ask("/assets/app.js");
    CHECK(answer.ends_with("0123456789"));
    CHECK(values(answer, "Content-Type") == "application/x-own");
    CHECK(values(answer, "X-Frame-Options") == "DENY");
    CHECK(values(answer, "ETag") == "\"own\"");
}

TEST_CASE("a large file goes block by block as its client takes it") {
    const Served site;
    std::string large(3 * files::FileReading::kBlock + 77, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
    site.write("large.bin", large);
    CHECK(body_of(site.get("/large.bin")) == large);
    CHECK(body_of(site.get("/large.bin", "Range: bytes=70000-200000\r\n")) == large.substr(70000, 130001));
    std::filesystem::resize_file(site.root / "large.bin", 0);
    const std::string empty = site.get("/large.bin");
    CHECK(status_of(empty) == "200");
    CHECK(values(empty, "Content-Length") == "0");
}

TEST_CASE("while a disk hangs its requests wait, others are served, and those beyond the queue are told at once") {
    const Served site;
    std::vector<Wire> waiting;
    for (int i = 0; i < 4; ++i) {  // as many as the crank's pool lets wait
        waiting.push_back(site.crank->client());
        site.crank->send(waiting.back(), "GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n");
        site.crank->turn();
    }
    Wire beyond = site.crank->client();
    site.crank->send(beyond, "GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string refused = site.crank->see(beyond, "\r\n\r\n");
    CHECK(status_of(refused) == "503");
    CHECK(values(refused, "Retry-After") == "1");
    waiting.pop_back();  // its client has left: what it asked for comes to nothing
    site.crank->turn();
    site.read();
    for (Wire& client : waiting) CHECK(site.crank->see(client, "0123456789").starts_with("HTTP/1.1 200"));
    // One that hangs for too long is told.
    Wire late = site.crank->client();
    site.crank->send(late, "GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n");
    site.crank->pass(11'000);
    CHECK(status_of(site.crank->see(late, "\r\n\r\n")) == "503");
    site.read();
}

TEST_CASE("a file that is cut short while it goes ends its connection: a part is no whole") {
    const Served site;
    site.write("large.bin", std::string(4 * files::FileReading::kBlock, 'x'));
    Wire client = site.crank->client();
    site.crank->send(client, "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    site.crank->turn();
    for (int i = 0; i < 2; ++i) {  // found, and one block
        CHECK(site.crank->files->do_one());
        site.crank->turn();
    }
    std::filesystem::resize_file(site.root / "large.bin", 10);
    site.crank->until("the end", [&] {
        site.read();
        client.read();
        return client.ended || client.cut;
    });
    CHECK(body_of(client.seen).size() < 4 * files::FileReading::kBlock);
}

TEST_CASE("lanes of HTTP/2 get files, too") {
    const Served site({}, {}, kBothProtocols);
    site.write("large.bin", std::string(2 * files::FileReading::kBlock + 5, 'y'));
    Http2Client client(*site.crank, site.crank->client());
    client.turn();
    client.headers(1, h2_request("GET", "/large.bin"));
    client.headers(3, h2_request("HEAD", "/app.js"));
    client.headers(5, h2_request("GET", "/app.js", {{"range", "bytes=1-2"}}));
    client.headers(7, h2_request("GET", "/none"));
    client.until("the answers", [&] {
        site.read();
        return client.now(1).ended && client.now(3).ended && client.now(5).ended && client.now(7).ended;
    });
    CHECK(client.answer(1).body == std::string(2 * files::FileReading::kBlock + 5, 'y'));
    CHECK(client.answer(3).get("content-length") == "10");
    CHECK(client.answer(3).body.empty());
    CHECK(client.answer(5).status() == "206");
    CHECK(client.answer(5).body == "12");
    CHECK(client.answer(7).status() == "404");
}
