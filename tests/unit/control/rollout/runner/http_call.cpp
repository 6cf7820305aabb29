#include "control/rollout/runner/http_call.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "tests/support/certificates.h"

using namespace switchyard::control::rollout;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Accepts one connection, reads a head, gives `answer`, closes.
struct OneAnswer {
    explicit OneAnswer(std::string answer)
        : acceptor(io, {asio::ip::address_v4::loopback(), 0}), thread([this, answer = std::move(answer)] {
              auto socket = acceptor.accept();
              boost::system::error_code ignored;
              asio::streambuf buffer;
              asio::read_until(socket, buffer, "\r\n\r\n", ignored);
              heard.assign(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
              if (!answer.empty()) asio::write(socket, asio::buffer(answer), ignored);
          }) {}
    ~OneAnswer() {
        if (thread.joinable()) thread.join();
    }
    std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + path;
    }
    asio::io_context io;
    tcp::acceptor acceptor;
    std::string heard;
    std::thread thread;
};

// The same by TLS, with this certificate; a client that does not believe it is never answered, and with `asks_by` none
// that shows no certificate of that authority.
struct OneSecureAnswer {
    OneSecureAnswer(const switchyard::test::Made& made, std::string answer, const std::string& asks_by = {})
        : acceptor(io, {asio::ip::address_v4::loopback(), 0}),
          thread([this, made, answer = std::move(answer), asks_by] {
              asio::ssl::context tls(asio::ssl::context::tls_server);
              tls.use_certificate_chain(asio::buffer(made.certificate));
              tls.use_private_key(asio::buffer(made.key), asio::ssl::context::pem);
              if (!asks_by.empty()) {
                  tls.load_verify_file(asks_by);
                  tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
              }
              asio::ssl::stream<tcp::socket> stream(acceptor.accept(), tls);
              boost::system::error_code error;
              stream.handshake(asio::ssl::stream_base::server, error);
              asio::streambuf buffer;
              if (!error) asio::read_until(stream, buffer, "\r\n\r\n", error);
              heard.assign(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
              if (!error) asio::write(stream, asio::buffer(answer), error);
          }) {}
    ~OneSecureAnswer() {
        if (thread.joinable()) thread.join();
    }
    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(acceptor.local_endpoint().port()) + "/hook";
    }
    asio::io_context io;
    tcp::acceptor acceptor;
    std::string heard;
    std::thread thread;
};

HttpOutcome outcome_of(const std::string& url, const std::string& body, bool read_answer = false,
                       switchyard::control::net::TlsClientSettings tls = {}) {
    asio::io_context io;
    HttpOutcome got;
    http_call(
        io.get_executor(), {url, body, std::chrono::seconds(5), read_answer},
        [&](HttpOutcome outcome) { got = std::move(outcome); }, std::move(tls));
    io.run();
    return got;
}

}  // namespace

TEST_CASE("a check asks with GET and passes on 2xx") {
    OneAnswer there("HTTP/1.1 204 No Content\r\n\r\n");
    const auto outcome = outcome_of(there.url("/readyz?x=1"), "");
    CHECK(outcome.ok());
    there.thread.join();
    CHECK(there.heard.starts_with("GET /readyz?x=1 HTTP/1.1\r\n"));
}

TEST_CASE("a webhook posts JSON, and another status is an error in words") {
    OneAnswer there("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    const auto outcome = outcome_of(there.url("/hook"), "{\"kind\":\"rollback\"}");
    CHECK_FALSE(outcome.ok());
    CHECK(outcome.error == "answered 500");
    there.thread.join();
    CHECK(there.heard.starts_with("POST /hook HTTP/1.1\r\n"));
    CHECK(there.heard.find("application/json") != std::string::npos);
}

TEST_CASE("nobody there, nonsense and bad URLs are errors, not exceptions") {
    tcp::acceptor taken([] {
        static asio::io_context io;
        return tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0});
    }());
    const auto port = taken.local_endpoint().port();
    taken.close();
    CHECK(outcome_of("http://127.0.0.1:" + std::to_string(port) + "/", "").error.starts_with("connecting"));
    CHECK(outcome_of("ftp://127.0.0.1/", "").error.starts_with("not a URL"));
    OneAnswer nonsense("what?\r\n\r\n");
    CHECK(outcome_of(nonsense.url("/"), "").error.starts_with("the answer is refused"));
}

TEST_CASE("an answer is read as it is framed, and an interim one before it is passed over") {
    for (const char* answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}more", "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
          "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}"}) {
        CAPTURE(answer);
        OneAnswer there(answer);
        const auto outcome = outcome_of(there.url("/"), "", true);
        CHECK(outcome.ok());
        CHECK(outcome.body == "{\"a\":1}");
        there.thread.join();
        CHECK(there.heard.find("\r\nAccept: application/json\r\n") != std::string::npos);
    }
    OneAnswer empty("HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(outcome_of(empty.url("/"), "", true).ok());
}

TEST_CASE("an answer that is cut, malformed or too large is an error in words") {
    OneAnswer cut("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{");
    CHECK(outcome_of(cut.url("/"), "", true).error.starts_with("reading the answer: "));
    OneAnswer malformed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    CHECK(outcome_of(malformed.url("/"), "", true).error == "the answer is refused: its chunks are malformed");
    OneAnswer announced("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{");
    CHECK(outcome_of(announced.url("/"), "", true).error == "the answer is larger than 256 KiB");
    OneAnswer endless("HTTP/1.1 200 OK\r\n\r\n" + std::string(kMostAnswer + 1, 'x'));
    CHECK(outcome_of(endless.url("/"), "", true).error == "the answer is larger than 256 KiB");
}

TEST_CASE(
    "by https a webhook goes to a server that its authority vouches for, under the name in its URL, and to none "
    "other") {
    using switchyard::test::Authority;
    using switchyard::test::file_with;
    const Authority authority("hooks"), stranger("stranger");
    const auto made = authority.sign({"localhost"});
    const auto ca = file_with("hooks.pem", authority.certificate());
    {
        OneSecureAnswer there(made, "HTTP/1.1 204 No Content\r\n\r\n");
        const auto outcome = outcome_of(there.url("localhost"), "{\"kind\":\"rollback\"}", false, {.ca_file = ca});
        CHECK_MESSAGE(outcome.ok(), outcome.error);
        there.thread.join();
        CHECK(there.heard.starts_with("POST /hook HTTP/1.1\r\nHost: localhost:"));
    }
    struct Row {
        const char* host;
        std::string ca_file;
        const char* why;
    };
    for (const Row& row : {Row{"127.0.0.1", ca, "its certificate: IP address mismatch"},
                           Row{"localhost", file_with("strangers.pem", stranger.certificate()),
                               "its certificate: unable to get local issuer"},
                           Row{"localhost", "", "its certificate: unable to get local issuer"}}) {
        OneSecureAnswer there(made, "HTTP/1.1 204 No Content\r\n\r\n");
        const auto outcome = outcome_of(there.url(row.host), "{}", false, {.ca_file = row.ca_file});
        CHECK(outcome.error.starts_with("https://"));
        CHECK_MESSAGE(outcome.error.find(row.why) != std::string::npos, outcome.error);
        there.thread.join();
        CHECK(there.heard.empty());  // not a word before it is known who listens
    }
}

TEST_CASE("a webhook shows its certificate to a server that asks for one") {
    using switchyard::test::Authority;
    using switchyard::test::file_with;
    const Authority authority("hooks");
    const auto ca = file_with("hooks.pem", authority.certificate());
    const auto made = authority.sign({"localhost"}), own = authority.sign({"proxy"});
    {
        OneSecureAnswer there(made, "HTTP/1.1 204 No Content\r\n\r\n", ca);
        const auto outcome = outcome_of(there.url("localhost"), "{}", false,
                                        {.ca_file = ca,
                                         .chain_file = file_with("proxy.pem", own.certificate),
                                         .key_file = file_with("proxy.key", own.key)});
        CHECK_MESSAGE(outcome.ok(), outcome.error);
        there.thread.join();
        CHECK(there.heard.starts_with("POST /hook "));
    }
    OneSecureAnswer there(made, "HTTP/1.1 204 No Content\r\n\r\n", ca);
    CHECK_FALSE(outcome_of(there.url("localhost"), "{}", false, {.ca_file = ca}).ok());
    there.thread.join();
    CHECK(there.heard.empty());
}

TEST_CASE("an authority that cannot be read is named, and nothing is sent") {
    OneAnswer there("");
    const auto url = "https" + there.url("/").substr(4);
    CHECK(outcome_of(url, "{}", false, {.ca_file = "/nowhere.pem"}).error.find("/nowhere.pem cannot be read: ") !=
          std::string::npos);
    there.thread.join();
    CHECK(there.heard.empty());
}
