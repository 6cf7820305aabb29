#include "control/admin/session.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "control/admin/dispatch.h"
#include "control/admin/route_table.h"
#include "control/admin/server.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

// What a reader of events that has stopped may hold here, besides what the kernel holds for him.
constexpr std::size_t kEventBatch = 64 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;  // a call is one read, a large configuration some dozens

AdminRequest request_of(const http::request<http::string_body>& message, const std::string& from) {
    AdminRequest out;
    out.method = std::string(message.method_string());
    const std::string target(message.target());
    const auto question = std::min(target.find('?'), target.size());
    out.path = target.substr(0, question);
    std::string_view query = std::string_view(target).substr(std::min(question + 1, target.size()));
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decoded(pair.substr(0, equals));
        if (!out.query.try_emplace(name, percent_decoded(pair.substr(std::min(equals + 1, pair.size())))).second)
            out.repeated = std::move(name);
    }
    for (const auto& field : message) {
        std::string name(field.name_string());
        for (auto& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        // Of a field that is there twice no value is passed over: it is a list.
        if (const auto [at, first] = out.headers.try_emplace(std::move(name), field.value()); !first)
            at->second.append(", ").append(field.value());
    }
    out.body = message.body();
    out.from = from;
    return out;
}

std::string response_of(AdminReply reply, unsigned version, bool keep_alive) {
    http::response<http::string_body> out{static_cast<http::status>(reply.status), version};
    out.set(http::field::content_type, reply.content_type);
    out.set(http::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) out.set(name, value);
    out.keep_alive(keep_alive);
    out.content_length(reply.body.size());
    std::ostringstream text;
    text << out.base() << reply.body;
    return std::move(text).str();
}

Problem unreadable(const boost::system::error_code& ec) {
    if (ec == http::error::body_limit) return {413, "too-large", "a call's body may have at most 8 MiB"};
    if (ec == http::error::header_limit) return {431, "head-too-large", "a call's head may have at most 16 KiB"};
    if (ec == asio::error::timed_out) return {408, "too-slow", "a call must be complete within 10 s of its first byte"};
    return problems::bad_request("this is not an HTTP request: " + ec.message());
}

using Parser = http::request_parser<http::string_body>;

bool asks_to_continue(const Parser& parser) {
    const auto& head = parser.get();
    return head.version() >= 11 && beast::iequals(head[http::field::expect], "100-continue");
}

// One call into `parser`. Without error and not done: the client has gone, or said nothing for too long.
asio::awaitable<Wire::Error> read_call(Wire& wire, beast::flat_buffer& buffer, Parser& parser) {
    // Idle until the first byte, then one deadline for the whole request.
    bool idle = buffer.size() == 0;
    const auto silence = wire.has_called ? AdminServer::kIdleTime : AdminServer::kFirstByteTime;
    wire.expires_after(idle ? silence : AdminServer::kRequestTime);
    wire.idle_since = std::chrono::steady_clock::now();  // a call counts when it is whole
    bool told_to_continue = false;
    while (true) {
        if (!idle) {
            Wire::Error error;
            buffer.consume(parser.put(buffer.data(), error));
            if (error && error != http::error::need_more) co_return error;
            if (parser.is_done()) co_return Wire::Error{};
            if (!told_to_continue && parser.is_header_done()) {
                told_to_continue = true;
                if (asks_to_continue(parser) && co_await wire.write("HTTP/1.1 100 Continue\r\n\r\n"))
                    co_return Wire::Error{};
            }
        }
        const auto read = co_await wire.read_some(buffer.prepare(kReadSize));
        if (read.error == asio::error::timed_out && !idle) co_return read.error;
        if (read.error) co_return Wire::Error{};
        buffer.commit(read.size);
        if (std::exchange(idle, false)) wire.expires_after(AdminServer::kRequestTime);
    }
}

// The next events as they are sent, or a sign of life; `after` goes on to the last of them.
std::string news_after(const EventLog& log, std::uint64_t& after) {
    const auto news = log.since(after, kEventBatch);
    std::string text;
    if (news.gap) text += "event: gap\ndata: {\"detail\": \"earlier events are no longer kept\"}\n\n";
    for (const auto& event : news.events) {
        text += "id: " + std::to_string(event.id) + "\nevent: " + event.kind + "\ndata: " + event.data + "\n\n";
        after = event.id;
    }
    if (news.gap && news.events.empty()) after = log.last_id();
    return text.empty() ? ": still here\n\n" : text;
}

asio::awaitable<void> stream_events(Wire& wire, Context& context, std::uint64_t after) {
    auto& log = context.controller.events();
    wire.expires_after(AdminServer::kWriteTime);
    if (co_await wire.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                            "Connection: close\r\n\r\n"))
        co_return;
    auto bell = std::make_shared<asio::steady_timer>(context.executor);
    const auto subscription = log.subscribe([bell] { bell->cancel(); });
    while (true) {
        const std::string text = news_after(log, after);
        wire.expires_after(AdminServer::kWriteTime);
        if (co_await wire.write(text)) break;
        if (log.last_id() > after) continue;
        bell->expires_after(AdminServer::kHeartbeat);
        auto [rung] = co_await bell->async_wait(kNothrow);
        static_cast<void>(rung);
    }
    log.unsubscribe(subscription);
}

}  // namespace

// A handler's answer on its way back to the coroutine that waits for it. It lives in the frame of a coroutine with
// external linkage, and so it has a name outside.
struct AnswerSlot {
    explicit AnswerSlot(const asio::any_io_executor& executor)
        : bell(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer bell;
    std::optional<AdminReply> reply;
};

asio::awaitable<void> serve_session(std::shared_ptr<Wire> wire, std::string from, Context& context) {
    beast::flat_buffer buffer;
    while (true) {
        Parser parser;
        parser.eager(true);
        parser.header_limit(AdminServer::kHeadLimit);
        parser.body_limit(AdminServer::kBodyLimit);
        if (const auto error = co_await read_call(*wire, buffer, parser)) {
            wire->expires_after(AdminServer::kWriteTime);
            co_await wire->write(response_of(reply(unreadable(error)), 11, false));
            co_return;
        }
        if (!parser.is_done()) co_return;
        const auto& message = parser.get();
        const bool keep_alive = message.keep_alive();
        wire->idle_since.reset();
        wire->has_called = true;
        auto slot = std::make_shared<AnswerSlot>(context.executor);
        wire->expires_never();
        dispatch(context, request_of(message, from), [slot](AdminReply r) {
            slot->reply = std::move(r);
            slot->bell.cancel();
        });
        while (!slot->reply) co_await slot->bell.async_wait(kNothrow);
        if (slot->reply->events_after) {
            co_await stream_events(*wire, context, *slot->reply->events_after);
            co_return;
        }
        wire->expires_after(AdminServer::kWriteTime);
        if (co_await wire->write(response_of(std::move(*slot->reply), message.version(), keep_alive)) || !keep_alive)
            co_return;
    }
}

}  // namespace switchyard::control
