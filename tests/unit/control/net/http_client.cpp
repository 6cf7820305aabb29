#include "control/net/http_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <optional>

#include "proxy/http2/frame.h"
#include "proxy/http2/header_encoder.h"
#include "tests/support/certificates.h"

using namespace switchyard::control::net;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// A server on the same loop that answers each request with the next of its texts; an empty one: it hangs up.
class Script {
  public:
    explicit Script(asio::io_context& io) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}) { accept(); }

    std::deque<std::string> answers;
    std::vector<std::string> asked;
    int connections = 0;
    bool silent = false;

    std::string url() const { return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
    void say(const std::string& text) { asio::write(*last_, asio::buffer(text)); }
    void hang_up() { last_->close(); }

  private:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code ec, tcp::socket socket) {
            if (ec) return;
            ++connections;
            last_ = std::make_shared<tcp::socket>(std::move(socket));
            serve(last_, std::make_shared<asio::streambuf>());
            accept();
        });
    }
    void serve(std::shared_ptr<tcp::socket> socket, std::shared_ptr<asio::streambuf> buffer) {
        asio::async_read_until(*socket, *buffer, "\r\n\r\n",
                               [this, socket, buffer](boost::system::error_code ec, std::size_t size) {
                                   if (ec) return;
                                   std::string head(size, '\0');
                                   buffer->sgetn(head.data(), static_cast<std::streamsize>(size));
                                   buffer->consume(buffer->size());  // a body that came with it
                                   asked.push_back(std::move(head));
                                   if (silent) return;
                                   const auto text = answers.empty() ? std::string() : answers.front();
                                   if (!answers.empty()) answers.pop_front();
                                   if (text.empty()) return socket->close();
                                   asio::write(*socket, asio::buffer(text));
                                   serve(socket, buffer);
                               });
    }
    tcp::acceptor acceptor_;
    std::shared_ptr<tcp::socket> last_;
};

std::string whole(const std::string& body, const std::string& more = "") {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more, body);
}

struct Desk {
    asio::io_context io{1};
    Script server{io};
    HttpClient client{io.get_executor(), {server.url()}};

    HttpAnswer ask(HttpCall call = {}) {
        std::optional<HttpAnswer> out;
        client.ask(std::move(call), [&](HttpAnswer answer) { out = std::move(answer); });
        while (!out) io.run_one();
        return *out;
    }
};

}  // namespace

TEST_CASE("an answer as a whole, with its headers in lower case; the connection is kept") {
    Desk d;
    d.server.answers = {whole("one", "X-Consul-Index: 7\r\n"), whole("two")};
    HttpCall call;
    call.target = "/v1?x=1";
    call.headers = {{"X-Token", "sesame"}};
    const auto one = d.ask(call);
    CHECK(one.ok());
    CHECK(one.body == "one");
    CHECK(one.header("x-consul-index") == "7");
    CHECK(one.header("missing").empty());
    CHECK(d.ask().body == "two");
    CHECK(d.server.connections == 1);
    CHECK(d.server.asked[0].starts_with("GET /v1?x=1 HTTP/1.1\r\n"));
    CHECK(d.server.asked[0].find("X-Token: sesame\r\n") != std::string::npos);
    CHECK(d.server.asked[0].find("Host: " + d.server.url().substr(7) + "\r\n") != std::string::npos);
}

TEST_CASE("a kept connection that was closed meanwhile is made anew, once") {
    Desk d;
    d.server.answers = {whole("one"), "", whole("two")};
    CHECK(d.ask().body == "one");
    CHECK(d.ask().body == "two");
    CHECK(d.server.connections == 2);
    d.server.answers = {"", ""};
    const auto gone = d.ask();
    CHECK(gone.status == 0);
    CHECK(gone.error.starts_with("waiting for the answer: "));
    CHECK(d.server.connections == 3);
}

TEST_CASE("what says that it closes is not kept; what has no length ends with the connection") {
    Desk d;
    d.server.answers = {whole("one", "Connection: close\r\n"), whole("two")};
    CHECK(d.ask().body == "one");
    CHECK(d.ask().body == "two");
    CHECK(d.server.connections == 2);
}

TEST_CASE("silence, half an answer, too much of it, and nobody there: words, and a next call that works") {
    Desk d;
    d.server.silent = true;
    HttpCall call;
    call.limit = 30ms;
    CHECK(d.ask(call).error == "waiting for the answer: no answer in time");
    d.server.silent = false;
    d.server.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "", whole("fine")};
    call.limit = 60s;
    std::optional<HttpAnswer> half;
    d.client.ask(call, [&](HttpAnswer answer) { half = std::move(answer); });
    while (d.server.asked.size() < 2) d.io.run_one();
    d.server.hang_up();
    while (!half) d.io.run_one();
    CHECK(half->status == 0);
    CHECK(half->error.starts_with("reading the answer: "));
    d.server.answers = {whole(std::string(100, 'x')), whole("fine")};
    call.most_body = 99;
    CHECK(d.ask(call).status == 0);
    CHECK(d.ask().body == "fine");
    HttpClient nobody(d.io.get_executor(), {"http://127.0.0.1:1", ""});
    std::optional<HttpAnswer> refused;
    nobody.ask({}, [&](HttpAnswer answer) { refused = std::move(answer); });
    while (!refused) d.io.run_one();
    CHECK(refused->error == "connecting to http://127.0.0.1:1: Connection refused");
}

TEST_CASE("a stream, line by line, whatever its chunks are; with trailers; and the call behind it") {
    Desk d;
    d.server.answers = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n", whole("next")};
    std::vector<std::string> lines;
    std::optional<HttpAnswer> end;
    d.client.stream(
        {}, [&](std::string_view line) { lines.emplace_back(line); },
        [&](HttpAnswer answer) { end = std::move(answer); });
    while (d.server.asked.empty()) d.io.run_one();
    CHECK(lines.empty());
    d.server.say("6\r\n:1}\n{}\r\n");
    while (lines.empty()) d.io.run_one();
    CHECK(lines == std::vector<std::string>{"{\"a\":1}"});
    d.server.say("1\r\n\n\r\n0\r\nGrpc-Trailer-X: 1\r\n\r\n");
    while (!end) d.io.run_one();
    CHECK(lines.size() == 2);
    CHECK(lines[1] == "{}");
    CHECK(end->status == 200);
    CHECK(d.ask().body == "next");
    CHECK(d.server.connections == 1);
}

TEST_CASE("a stream's refusal is told with its body, and a line without end is cut") {
    Desk d;
    d.server.answers = {"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone"};
    std::optional<HttpAnswer> end;
    const auto stream = [&](std::size_t most) {
        HttpCall call;
        call.most_body = most;
        end.reset();
        d.client.stream(
            std::move(call), [](std::string_view) { FAIL("a line"); },
            [&](HttpAnswer answer) { end = std::move(answer); });
        while (!end) d.io.run_one();
    };
    stream(100);
    CHECK(end->status == 410);
    CHECK(end->body == "gone");
    d.server.answers = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n"};
    stream(7);
    CHECK(end->error == "a line of the answer is too long");
}

TEST_CASE("after its end nothing is called, and a callback may be the end") {
    asio::io_context io{1};
    Script server(io);
    server.answers = {whole("one")};
    auto client = std::make_unique<HttpClient>(io.get_executor(), HttpServer{server.url()});
    bool called = false;
    client->ask({}, [&](HttpAnswer) {
        called = true;
        client.reset();
    });
    while (!called) io.run_one();
    CHECK(client == nullptr);
    client = std::make_unique<HttpClient>(io.get_executor(), HttpServer{server.url()});
    server.silent = true;
    client->ask({}, [&](HttpAnswer) { FAIL("called"); });
    while (server.asked.size() < 2) io.run_one();
    client.reset();
    io.poll();
}

TEST_CASE("whoever throws when told of an answer or a line keeps nobody else from being asked") {
    asio::io_context io{1};
    Script server(io);
    server.answers = {whole("one"), whole("two\n"), whole("three")};
    HttpClient client(io.get_executor(), {server.url()});
    std::optional<HttpAnswer> broken, last;
    client.ask({}, [](HttpAnswer) { throw std::runtime_error("told"); });
    client.stream(
        {}, [](std::string_view) { throw std::runtime_error("a line"); },
        [&](HttpAnswer answer) { broken = std::move(answer); });
    client.ask({}, [&](HttpAnswer answer) { last = std::move(answer); });
    while (!last) io.run_one();
    REQUIRE(broken);
    CHECK(broken->error == "a line");
    CHECK(last->body == "three");
}

namespace {

// Answers "secret" to a client that gets as far as a request.
asio::awaitable<void> serve_tls(tcp::acceptor& acceptor, asio::ssl::context& context) {
    constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);
    while (true) {
        auto [gone, socket] = co_await acceptor.async_accept(kNothrow);
        if (gone) co_return;
        asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
        auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server, kNothrow);
        if (refused) continue;
        asio::streambuf buffer;
        auto [cut, size] = co_await asio::async_read_until(stream, buffer, "\r\n\r\n", kNothrow);
        if (!cut) co_await asio::async_write(stream, asio::buffer(whole("secret", "Connection: close\r\n")), kNothrow);
    }
}

}  // namespace

TEST_CASE("https: of whom the file vouches for, under the name that was asked for, and of nobody else") {
    using namespace switchyard::test;
    const Authority authority("registry authority"), another("another");
    const auto made = authority.sign({"localhost"});
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(made.certificate));
    context.use_private_key(asio::buffer(made.key), asio::ssl::context::pem);
    asio::io_context io{1};
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    asio::co_spawn(io, serve_tls(acceptor, context), asio::detached);
    const auto ask = [&](const std::string& host, const std::string& ca_file) {
        HttpClient client(io.get_executor(),
                          {fmt::format("https://{}:{}", host, acceptor.local_endpoint().port()), {ca_file}});
        std::optional<HttpAnswer> out;
        client.ask({}, [&](HttpAnswer answer) { out = std::move(answer); });
        while (!out) io.run_one();
        return *out;
    };
    const auto known = file_with("authority.pem", authority.certificate());
    CHECK(ask("localhost", known).body == "secret");
    CHECK(ask("127.0.0.1", known).error.starts_with("https://127.0.0.1"));
    CHECK(ask("localhost", file_with("another.pem", another.certificate())).error.starts_with("https://localhost"));
    CHECK(ask("localhost", "").error.starts_with("https://localhost"));
    CHECK(ask("localhost", "/nowhere").error.starts_with("/nowhere cannot be read: "));
    acceptor.close();
    io.poll();
}

TEST_CASE("an interim answer is passed over; with its head alone an answer is enough, and its connection is not kept") {
    Desk d;
    d.server.answers = {"HTTP/1.1 103 Early Hints\r\n\r\n" + whole("one"),
                        "HTTP/1.1 503 No\r\nContent-Length: 1000\r\n\r\n", whole("two")};
    CHECK(d.ask().body == "one");
    HttpCall head;
    head.until = HttpCall::Until::head;
    const auto answer = d.ask(head);
    CHECK(answer.status == 503);
    CHECK(answer.error.empty());
    CHECK(d.server.connections == 1);
    CHECK(d.ask().body == "two");
    CHECK(d.server.connections == 2);
}

TEST_CASE("a call may be a connection and no more, to an endpoint that has no URL") {
    Desk d;
    const auto port = static_cast<std::uint16_t>(std::stoi(d.server.url().substr(d.server.url().rfind(':') + 1)));
    const auto ask = [&](EndpointWay way, HttpCall call) {
        HttpClient client(d.io.get_executor(), {"http://app.example", {}, std::move(way)});
        std::optional<HttpAnswer> out;
        client.ask(std::move(call), [&](HttpAnswer answer) { out = std::move(answer); });
        while (!out) d.io.run_one();
        return *out;
    };
    HttpCall connect;
    connect.until = HttpCall::Until::connected;
    CHECK(ask({{switchyard::config::Address::Kind::ipv4, "127.0.0.1", port}}, connect).error.empty());
    CHECK(d.server.asked.empty());
    CHECK(ask({{switchyard::config::Address::Kind::unix_path, "/nowhere.sock", 0}}, connect).error ==
          "connecting: No such file or directory");
    d.server.answers = {whole("here")};
    CHECK(ask({{switchyard::config::Address::Kind::ipv4, "127.0.0.1", port}, "X-Said: first\r\n\r\n"}, {}).body ==
          "here");
    REQUIRE_FALSE(d.server.asked.empty());
    CHECK(d.server.asked[0] == "X-Said: first\r\n\r\n");
}

TEST_CASE("an endpoint that is spoken to in HTTP/2 is asked so, and its connection is not kept") {
    namespace http2 = switchyard::http2;
    std::array<char, 200> room{};
    http2::HeaderEncoder block(room, false);
    REQUIRE((block.add(":status", "503") && block.add("x-why", "full")));
    const auto frame = [](http2::FrameType type, std::uint8_t flags, std::uint32_t lane, std::string_view payload) {
        std::string out(http2::kFrameHeadSize, '\0');
        const auto size = static_cast<std::uint32_t>(payload.size());
        http2::write_frame_head(out.data(), {size, static_cast<std::uint8_t>(type), flags, lane});
        return out.append(payload);
    };
    Desk d;
    const auto answer = frame(http2::FrameType::settings, 0, 0, "") +
                        frame(http2::FrameType::headers, http2::kEndHeaders, 1, {room.data(), block.size()}) +
                        frame(http2::FrameType::data, http2::kEndStream, 1, "no place");
    const auto port = static_cast<std::uint16_t>(std::stoi(d.server.url().substr(d.server.url().rfind(':') + 1)));
    EndpointWay way{{switchyard::config::Address::Kind::ipv4, "127.0.0.1", port}};
    way.protocol = switchyard::config::EndpointProtocol::http2;
    HttpClient client(d.io.get_executor(), {"http://app.example", {}, std::move(way)});
    for (int connections = 1; connections <= 2; ++connections) {
        d.server.answers = {answer};
        std::optional<HttpAnswer> out;
        client.ask({}, [&](HttpAnswer got) { out = std::move(got); });
        while (!out) d.io.run_one();
        CHECK(out->status == 503);
        CHECK(out->header("x-why") == "full");
        CHECK(out->body == "no place");
        CHECK(d.server.connections == connections);
    }
    CHECK(d.server.asked[0].starts_with("PRI * HTTP/2.0"));
    d.server.answers = {"HTTP/1.1 400 Bad Request\r\n\r\n"};
    std::optional<HttpAnswer> out;
    client.ask({}, [&](HttpAnswer got) { out = std::move(got); });
    while (!out) d.io.run_one();
    CHECK(out->error == "it does not speak HTTP/2");
}

TEST_CASE("what is lacking on this machine is told from what is wrong over there") {
    asio::io_context io{1};
    HttpClient client(
        io.get_executor(),
        {"http://app.example", {}, EndpointWay{{switchyard::config::Address::Kind::ipv4, "127.0.0.1", 1}}});
    std::optional<HttpAnswer> out;
    const auto ask = [&] {
        out.reset();
        client.ask({}, [&](HttpAnswer answer) { out = std::move(answer); });
        while (!out) io.run_one();
    };
    ask();
    CHECK(out->error == "connecting: Connection refused");
    CHECK_FALSE(out->our_shortage);
    // No descriptor is left.
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int lowest = dup(0);
    REQUIRE(lowest >= 0);
    close(lowest);
    const rlimit few{static_cast<rlim_t>(lowest), before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    ask();
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(out->error == "connecting: Too many open files");
    CHECK(out->our_shortage);
}
