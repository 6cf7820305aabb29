// In steady state an exchange costs four system calls beside the shared epoll_wait, each with the pieces that belong
// together: a fifth call, or a gathered one where a plain one does, is a fault. Also where the client speaks TLS.
#include <doctest/doctest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "proxy/upstream/patience.h"
#include "tests/support/call_trace.h"
#include "tests/support/certificates.h"
#include "tests/support/crank.h"
#include "tests/support/tls_client.h"

using namespace switchyard::test;

namespace {

constexpr int kExchangesWarm = 5, kExchangesWatched = 20;

const std::string kPlainGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

// A client that speaks TLS: read and written as one in clear.
class SecureClient {
  public:
    SecureClient(Crank& crank, const std::string& trusted)
        : client_(crank, crank.client(), {.server_name = "a.test", .trusted = trusted}) {
        if (!client_.handshake()) throw std::runtime_error("no handshake");
    }
    void write(std::string_view text) { client_.put(text); }
    void read() {
        client_.look();
        seen += client_.take();
    }
    void take() { seen.clear(); }
    std::string seen;

  private:
    TlsClient client_;
};

std::string secure_route(const Authority& authority, std::uint16_t endpoint) {
    const auto made = authority.sign({"a.test"});
    return R"({"certificates": {"a": {"chain": ")" + file_with("a.pem", made.certificate) + R"(", "key": ")" +
           file_with("a.key", made.key) + R"("}}, )" +
           one_route({endpoint}, {}, {}, R"("tls": {"certificates": ["a"]})").substr(1);
}

bool waits_for_all(const SystemCall& call) {
    return call.number == SYS_epoll_wait || call.number == SYS_epoll_pwait;
}

const std::string kBehindLong = "and this is its end";

// A body of a MiB, when the connections are warm; the endpoint is always ahead.
template <class Client>
void fetch_long_body(const Watch& watch, Crank& crank, Client& client, ListeningWire& listening) {
    constexpr std::size_t kLong = 1 << 20;
    const std::string body = std::string(kLong - kBehindLong.size(), 'x') + kBehindLong;
    Wire endpoint;
    for (const bool watched : {false, true}) {
        client.write(kPlainGet);
        if (!endpoint.is_open()) endpoint = crank.accept(listening);
        crank.see(endpoint, "\r\n\r\n");
        endpoint.take();
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kLong) + "\r\n\r\n" + body;
        std::string_view left = answer;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!client.seen.ends_with(kBehindLong)) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("waited in vain");
            left.remove_prefix(endpoint.write(left));
            if (watched) watch.begin();
            crank.turn();
            if (watched) watch.end();
            client.read();
        }
        client.take();
    }
}

// Exchange after exchange over kept connections; the worker's calls are watched once it is warm.
template <class Client>
void make_exchanges(const Watch& watch, Crank& crank, Client& client, ListeningWire& listening,
                    const std::string& request, const std::string& response) {
    Wire endpoint;
    const auto until_seen = [&](auto& wire, std::string_view text, bool watched) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (wire.seen.find(text) == wire.seen.npos) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("waited in vain");
            if (watched) watch.begin();
            crank.turn();
            if (watched) watch.end();
            wire.read();
        }
        wire.take();
    };
    const auto exchange = [&](const std::string& sent, bool watched) {
        client.write(sent);
        if (!endpoint.is_open()) endpoint = crank.accept(listening);
        until_seen(endpoint, sent.substr(sent.find("\r\n\r\n")), watched);
        endpoint.write(response);
        until_seen(client, "done", watched);
    };
    exchange(kPlainGet, false);
    // What cannot be repeated goes out on a kept connection only where the endpoint has shown its patience.
    crank.pass(switchyard::upstream::Patience::kProofMs);
    for (int i = 0; i < kExchangesWarm; ++i) exchange(kPlainGet, false);
    for (int i = 0; i < kExchangesWatched; ++i) exchange(request, true);
}

// What is given back is kept apart there for a while, and more is mapped.
bool is_of_sanitizer([[maybe_unused]] const SystemCall& call) {
#ifdef __SANITIZE_ADDRESS__
    return call.number == SYS_mmap || call.number == SYS_munmap;
#else
    return false;
#endif
}

// The worker's calls while a client, in clear or over TLS, and an endpoint do that. nullopt: tracing is not allowed
// here.
template <class Story>
std::optional<std::vector<SystemCall>> calls_of(bool secure, Story story) {
    return system_calls_of([&](const Watch& watch) {
        ListeningWire listening;
        if (secure) {
            const Authority authority("root of the test");
            Crank crank(secure_route(authority, listening.port()));
            SecureClient client(crank, authority.certificate());
            return story(watch, crank, client, listening);
        }
        Crank crank(one_route({listening.port()}));
        Wire client = crank.client();
        story(watch, crank, client, listening);
    });
}

// While it passes a MiB on: how many calls, by their numbers.
std::map<long, std::size_t> calls_of_long_body(bool secure) {
    const auto calls = calls_of(secure, [](auto&... all) { fetch_long_body(all...); });
    std::map<long, std::size_t> out;
    for (const SystemCall& call : calls.value_or(std::vector<SystemCall>())) ++out[call.number];
    return out;
}

// The worker's calls, in words.
std::string calls_of_exchanges(const std::string& request, const std::string& response, bool secure = false) {
    const auto calls = calls_of(secure, [&](auto&... all) { make_exchanges(all..., request, response); });
    if (!calls) return {};
    std::string out;
    for (const SystemCall& call : *calls)
        if (!waits_for_all(call) && !is_of_sanitizer(call)) out += name_of(call) + ", ";
    return out;
}

std::string times(int count, const std::string& what) {
    std::string out;
    for (int i = 0; i < count; ++i) out += what;
    return out;
}

}  // namespace

TEST_CASE("an exchange costs four system calls, each with the pieces that belong together") {
    const std::string small = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
    const std::string large = "HTTP/1.1 200 OK\r\nContent-Length: 8004\r\n\r\n" + std::string(8000, 'x') + "done";
    const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n";
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const std::string in_chunks =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    const std::string first = calls_of_exchanges(kPlainGet, small);
    if (first.empty()) {
        MESSAGE("left out: tracing (ptrace) is not allowed here");
        return;
    }
    CHECK(first == times(kExchangesWatched, "recvfrom, sendto, recvfrom, sendto, "));
    // What cannot be sent twice costs a look at the kept connection first.
    CHECK(calls_of_exchanges(post, small) == times(kExchangesWatched, "recvfrom, look, sendto, recvfrom, sendto, "));
    CHECK(calls_of_exchanges(kPlainGet, large) ==
          times(kExchangesWatched, "recvfrom, sendto, recvfrom, sendmsg of 2, "));
    CHECK(calls_of_exchanges(kPlainGet, chunks) ==
          times(kExchangesWatched, "recvfrom, sendto, recvfrom, sendmsg of 4, "));
    CHECK(calls_of_exchanges(in_chunks, small) ==
          times(kExchangesWatched, "recvfrom, look, sendmsg of 4, recvfrom, sendto, "));
}

TEST_CASE("over TLS the client's side costs the same two calls: one read, one write, whatever the answer consists of") {
    const std::string small = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
    const std::string large = "HTTP/1.1 200 OK\r\nContent-Length: 8004\r\n\r\n" + std::string(8000, 'x') + "done";
    const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n";
    const std::string first = calls_of_exchanges(kPlainGet, small, true);
    if (first.empty()) {
        MESSAGE("left out: tracing (ptrace) is not allowed here");
        return;
    }
    const std::string four = times(kExchangesWatched, "recvfrom, sendto, recvfrom, sendto, ");
    CHECK(first == four);
    CHECK(calls_of_exchanges(kPlainGet, large, true) == four);
    CHECK(calls_of_exchanges(kPlainGet, chunks, true) == four);
}

TEST_CASE(
    "tickets of TLS 1.3 go with the answer to a request that is here already, else at once; in TLS 1.2 they end a "
    "handshake, for which the client waits") {
    struct Tickets {
        std::ptrdiff_t held, let_go;
        bool operator==(const Tickets&) const = default;
    };
    const auto tickets = [](int version, bool asks_at_once) -> std::optional<Tickets> {
        const auto calls = system_calls_of([&](const Watch& watch) {
            const Authority authority("root of the test");
            ListeningWire listening;
            Crank crank(secure_route(authority, listening.port()));
            TlsClient client(crank, crank.client(),
                             {.server_name = "a.test", .trusted = authority.certificate(), .max_version = version});
            client.begin();
            watch.begin();
            // What has no host is answered without an endpoint, and a connection to it.
            if (asks_at_once)
                client.put("GET / HTTP/1.1\r\n\r\n");
            else if (!client.handshake())
                throw std::runtime_error("no handshake");
            for (int i = 0; i < 3; ++i) crank.turn();
            watch.end();
        });
        if (!calls) return std::nullopt;
        return Tickets{
            std::ranges::count_if(*calls, [](const SystemCall& call) { return call.waits; }),
            std::ranges::count_if(*calls, [](const SystemCall& call) { return call.number == SYS_setsockopt; })};
    };
    const auto modern = tickets(TLS1_3_VERSION, true);
    if (!modern) {
        MESSAGE("left out: tracing (ptrace) is not allowed here");
        return;
    }
    CHECK(modern->held > 0);
    CHECK(modern->let_go == 0);
    const auto silent = tickets(TLS1_3_VERSION, false);
    CHECK(silent->held == modern->held);
    CHECK(silent->let_go == 1);
    CHECK(tickets(TLS1_2_VERSION, false) == Tickets{0, 0});
}

TEST_CASE("a long body is read in long pieces, and in clear each goes in one call; over TLS a record does") {
    const auto clear = calls_of_long_body(false), secure = calls_of_long_body(true);
    if (clear.empty()) {
        MESSAGE("left out: tracing (ptrace) is not allowed here");
        return;
    }
    const auto of = [](const auto& calls, long number) { return calls.contains(number) ? calls.at(number) : 0; };
    // A read has what has come by then, at most a 16th of it. The kernel may take a piece in two.
    constexpr std::size_t kPieces = 16, kRecords = 64;
    CHECK(of(clear, SYS_recvfrom) < 2 * kPieces);
    CHECK(of(clear, SYS_sendto) + of(clear, SYS_sendmsg) < 2 * kPieces);
    CHECK(of(secure, SYS_recvfrom) < 2 * kPieces);
    CHECK(of(secure, SYS_sendto) < kRecords + kPieces);
}
