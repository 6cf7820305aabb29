#include "control/watch/outbound_call.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <vector>

#include "control/watch/call_wire.h"
#include "control/watch/http2_question.h"
#include "proxy/http/chunked.h"
#include "proxy/http/framing.h"
#include "proxy/http/head_parser.h"
#include "proxy/net/shortage.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using AnyStream = asio::generic::stream_protocol;  // TCP and unix sockets alike
using Error = boost::system::error_code;

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadSize = 4096;
// What a side that has taken our certificate may need for its goodbye; who says none has refused nothing.
constexpr std::chrono::milliseconds kLastWord{500};

}  // namespace

// Shared with the handler of its timer, which may still be under way when the call has ended. It lives in the frame of
// a coroutine with external linkage, and so it has a name outside.
struct CallUnderWay {
    explicit CallUnderWay(const asio::any_io_executor& executor)
        : resolver(executor), wire(executor), timer(executor) {}

    tcp::resolver resolver;
    CallWire wire;
    asio::steady_timer timer;
    bool late = false;

    CallOutcome failed(const char* doing, const Error& error) const {
        const bool ours = !late && error.category() == boost::system::system_category() &&
                          switchyard::net::is_our_shortage(error.value());
        if (!late && !wire.trouble().empty()) return {0, wire.trouble(), false};
        return {0, std::string(doing) + ": " + (late ? "no answer in time" : error.message()), ours};
    }
};

namespace {

void set_deadline(const std::shared_ptr<CallUnderWay>& call, std::chrono::milliseconds timeout) {
    call->timer.expires_after(timeout);
    call->timer.async_wait([call](const Error& error) {
        if (error) return;
        call->late = true;
        call->resolver.cancel();
        Error ignored;
        call->wire.socket.cancel(ignored);
    });
}

asio::awaitable<CallOutcome> connect(CallUnderWay& under_way, const OutboundCall& call) {
    std::vector<AnyStream::endpoint> endpoints;
    Error unknown;
    if (call.to.kind == config::Address::Kind::unix_path) {
        endpoints.emplace_back(asio::local::stream_protocol::endpoint(call.to.host));
    } else if (const auto ip = asio::ip::make_address(call.to.host, unknown); !unknown) {
        endpoints.emplace_back(tcp::endpoint(ip, call.to.port));
    } else {
        const auto port = std::to_string(call.to.port);
        auto [error, found] = co_await under_way.resolver.async_resolve(call.to.host, port, kNothrow);
        if (error) co_return under_way.failed("looking the name up", error);
        for (const auto& result : found) endpoints.emplace_back(result.endpoint());
    }
    Error refused;
    for (const auto& endpoint : endpoints) {
        under_way.wire.socket.close(refused);
        auto [error] = co_await under_way.wire.socket.async_connect(endpoint, kNothrow);
        refused = error;
        if (!error || under_way.late) break;
    }
    if (refused) co_return under_way.failed("connecting", refused);
    co_return CallOutcome{};
}

asio::awaitable<CallOutcome> say(CallUnderWay& under_way, std::string_view bytes) {
    const auto unsent = co_await under_way.wire.write(bytes);
    co_return unsent ? under_way.failed("sending the request", unsent) : CallOutcome{};
}

asio::awaitable<CallOutcome> secure(CallUnderWay& under_way, const OutboundCall& call) {
    using Offer = switchyard::net::Tls::Offer;
    using Protocol = config::EndpointProtocol;
    const Offer offer = call.protocol == Protocol::http1   ? Offer::nothing
                        : call.protocol == Protocol::http2 ? Offer::http2
                                                           : Offer::http2_or_1;
    if (const auto error = co_await under_way.wire.secure(*call.tls, call.host, call.sessions, offer))
        co_return under_way.failed("the TLS handshake", error);
    if (call.protocol == Protocol::http2 && !under_way.wire.chose_http2())
        co_return CallOutcome{0, "TLS: the endpoint does not offer HTTP/2 (ALPN)"};
    co_return CallOutcome{};
}

asio::awaitable<CallOutcome> hear_last_word(const std::shared_ptr<CallUnderWay>& under_way,
                                            std::chrono::milliseconds most) {
    if (under_way->late) co_return CallOutcome{};
    set_deadline(under_way, most);
    co_await under_way->wire.hear_last_word();
    co_return CallOutcome{0, under_way->wire.trouble(), false};
}

// What is left of `answer`, then from the wire, as its framing says.
asio::awaitable<CallOutcome> read_body(CallUnderWay& under_way, std::string answer, const http::Body& framing,
                                       std::size_t most, unsigned status) {
    using Kind = http::Body::Kind;
    CallOutcome outcome{status, {}};
    http::ChunkedDecoder decoder;
    std::array<char, kReadSize> bytes;
    const CallOutcome too_large{0, "the answer is larger than " + std::to_string(most / 1024) + " KiB"};
    if (framing.kind == Kind::length && framing.length > most) co_return too_large;
    for (bool ended = false; framing.kind != Kind::none;) {
        if (framing.kind == Kind::chunked) {
            const auto got = decoder.feed(answer);
            if (got.outcome == http::ChunkedDecoder::Outcome::bad)
                co_return CallOutcome{0, "the answer is refused: its chunks are malformed"};
            outcome.body.append(answer, 0, got.data);
            ended = got.outcome == http::ChunkedDecoder::Outcome::done;
        } else {
            outcome.body += answer;
            ended = ended || (framing.kind == Kind::length && outcome.body.size() >= framing.length);
        }
        if (framing.kind == Kind::length && ended) outcome.body.resize(static_cast<std::size_t>(framing.length));
        if (outcome.body.size() > most) co_return too_large;
        if (ended) break;
        const auto [error, size] = co_await under_way.wire.read_some(bytes);
        if (error == asio::error::eof && framing.kind == Kind::until_close) break;
        if (error) co_return under_way.failed("reading the answer", error);
        answer.assign(bytes.data(), size);
    }
    co_return outcome;
}

asio::awaitable<CallOutcome> ask_in_http2(CallUnderWay& under_way, const OutboundCall& call) {
    Http2Question question(call.request, call.tls ? "https" : "http", call.most_body);
    std::string unread;
    std::array<char, kReadSize> bytes;
    for (;;) {
        if (const auto output = question.take_output(); !output.empty())
            if (auto unsent = co_await say(under_way, output); !unsent.error.empty()) co_return unsent;
        if (question.over()) break;
        const auto [error, size] = co_await under_way.wire.read_some(bytes);
        if (error) co_return under_way.failed("waiting for the answer", error);
        unread.append(bytes.data(), size);
        unread.erase(0, question.feed(unread, 0));
    }
    if (!question.error().empty()) co_return CallOutcome{0, question.error()};
    co_return CallOutcome{question.status(), {}, false, question.body(), question.trailers()};
}

asio::awaitable<CallOutcome> ask(CallUnderWay& under_way, const OutboundCall& call) {
    using Protocol = config::EndpointProtocol;
    if (call.protocol == Protocol::http2 || (call.protocol == Protocol::automatic && under_way.wire.chose_http2()))
        co_return co_await ask_in_http2(under_way, call);
    if (auto unsent = co_await say(under_way, call.request); !unsent.error.empty()) co_return unsent;
    // By the parser of the data plane: what would be refused there is not healthy here, and the other way round.
    const std::string method = call.request.substr(0, call.request.find(' '));
    std::string answer;
    http::HeadParser parser;
    http::Head head;
    std::array<char, kReadSize> bytes;
    while (true) {
        const auto outcome = parser.response(answer, head);
        if (outcome == http::HeadParser::Outcome::done) {
            const auto guarded = http::guard_response(answer.data(), head, method);
            if (guarded.refused != nullptr)
                co_return CallOutcome{0, std::string("the answer is refused: ") + guarded.refused};
            if (head.status >= 200 && call.most_body == 0) co_return CallOutcome{head.status, {}};
            answer.erase(0, head.size);
            if (head.status >= 200)
                co_return co_await read_body(under_way, std::move(answer), guarded.body, call.most_body, head.status);
            parser.reset();  // an interim answer: the one that counts is still to come
            continue;
        }
        if (outcome != http::HeadParser::Outcome::more)
            co_return CallOutcome{0, "the answer is refused: its head is malformed or too large"};
        const auto [unread, size] = co_await under_way.wire.read_some(bytes);
        if (unread) co_return under_way.failed("waiting for the answer", unread);
        answer.append(bytes.data(), size);
    }
}

}  // namespace

asio::awaitable<CallOutcome> make_call(OutboundCall call) {
    const auto under_way = std::make_shared<CallUnderWay>(co_await asio::this_coro::executor);
    set_deadline(under_way, call.timeout);
    auto outcome = co_await connect(*under_way, call);
    if (outcome.error.empty() && !call.preface.empty()) outcome = co_await say(*under_way, call.preface);
    if (outcome.error.empty() && call.tls) outcome = co_await secure(*under_way, call);
    if (outcome.error.empty() && !call.request.empty())
        outcome = co_await ask(*under_way, call);
    else if (outcome.error.empty() && call.tls)
        outcome = co_await hear_last_word(under_way, std::min(call.timeout, kLastWord));
    under_way->timer.cancel();
    Error ignored;
    under_way->wire.socket.close(ignored);
    co_return outcome;
}

}  // namespace switchyard::control
