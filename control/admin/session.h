// One connection of the admin API: read a call, dispatch it, write the answer; or stream events until the client goes.
//
// A template over the stream, so that plain and TLS connections are the same code.
// Threads: control. Errors: what cannot be parsed is answered with a problem and ends the connection.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/admin/dispatch.h"
#include "control/admin/route_table.h"
#include "control/admin/server.h"

namespace switchyard::control::admin_session {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

inline constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);

// A handler's answer on its way back to the coroutine that waits for it.
struct Slot {
    explicit Slot(const asio::any_io_executor& executor) : bell(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer bell;
    std::optional<AdminReply> reply;
};

inline AdminRequest request_of(const http::request<http::string_body>& message, const std::string& from) {
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
        out.query[percent_decoded(pair.substr(0, equals))] =
            percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    for (const auto& field : message) {
        std::string name(field.name_string());
        for (auto& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        out.headers[std::move(name)] = std::string(field.value());
    }
    out.body = message.body();
    out.from = from;
    return out;
}

inline http::response<http::string_body> response_of(AdminReply reply, unsigned version, bool keep_alive) {
    http::response<http::string_body> out{static_cast<http::status>(reply.status), version};
    out.set(http::field::content_type, reply.content_type);
    out.set(http::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) out.set(name, value);
    out.keep_alive(keep_alive);
    out.body() = std::move(reply.body);
    out.prepare_payload();
    return out;
}

inline Problem unreadable(const boost::system::error_code& ec) {
    if (ec == http::error::body_limit) return {413, "too-large", "a call's body may have at most 8 MiB"};
    if (ec == http::error::header_limit) return {431, "head-too-large", "a call's head may have at most 16 KiB"};
    if (ec == beast::error::timeout) return {408, "too-slow", "a call must be complete within 10 s of its first byte"};
    return problems::bad_request("this is not an HTTP request: " + ec.message());
}

template <class Stream>
asio::awaitable<void> stream_events(Stream& stream, Context& context, std::uint64_t after) {
    auto& log = context.controller.events();
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
    beast::get_lowest_layer(stream).expires_after(AdminServer::kWriteTime);
    auto [greeted, greeted_bytes] = co_await asio::async_write(stream, asio::buffer(head), kNothrow);
    if (greeted) co_return;
    auto bell = std::make_shared<asio::steady_timer>(context.executor);
    const auto subscription = log.subscribe([bell] { bell->cancel(); });
    while (true) {
        const auto news = log.since(after);
        std::string text;
        if (news.gap) text += "event: gap\ndata: {\"detail\": \"earlier events are no longer kept\"}\n\n";
        for (const auto& event : news.events) {
            auto body = event.body;
            body["at"] = event.at;
            text += "id: " + std::to_string(event.id) + "\nevent: " + event.kind +
                    "\ndata: " + body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n\n";
            after = event.id;
        }
        if (news.gap && news.events.empty()) after = log.last_id();
        if (text.empty()) text = ": still here\n\n";
        beast::get_lowest_layer(stream).expires_after(AdminServer::kWriteTime);
        auto [ec, bytes] = co_await asio::async_write(stream, asio::buffer(text), kNothrow);
        if (ec) break;
        if (log.last_id() > after) continue;
        bell->expires_after(AdminServer::kHeartbeat);
        auto [rung] = co_await bell->async_wait(kNothrow);
        static_cast<void>(rung);
    }
    log.unsubscribe(subscription);
}

template <class Stream>
asio::awaitable<void> serve(Stream& stream, std::string from, Context& context) {
    auto& lowest = beast::get_lowest_layer(stream);
    beast::flat_buffer buffer;
    while (true) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(AdminServer::kHeadLimit);
        parser.body_limit(AdminServer::kBodyLimit);
        // Idle until the first byte, then one deadline for the whole request.
        lowest.expires_after(AdminServer::kIdleTime);
        if (buffer.size() == 0) {
            auto space = buffer.prepare(4096);
            auto [ec, bytes] = co_await stream.async_read_some(space, kNothrow);
            if (ec) co_return;
            buffer.commit(bytes);
        }
        lowest.expires_after(AdminServer::kRequestTime);
        auto [ec, bytes] = co_await http::async_read(stream, buffer, parser, kNothrow);
        if (ec == http::error::end_of_stream || ec == asio::error::eof || ec == asio::error::connection_reset)
            co_return;
        if (ec) {
            auto answer = response_of(reply(unreadable(ec)), 11, false);
            lowest.expires_after(AdminServer::kWriteTime);
            co_await http::async_write(stream, answer, kNothrow);
            co_return;
        }
        const auto& message = parser.get();
        const bool keep_alive = message.keep_alive();
        const unsigned version = message.version();
        auto slot = std::make_shared<Slot>(context.executor);
        lowest.expires_never();
        dispatch(context, request_of(message, from), [slot](AdminReply r) {
            slot->reply = std::move(r);
            slot->bell.cancel();
        });
        while (!slot->reply) co_await slot->bell.async_wait(kNothrow);
        if (slot->reply->events_after) {
            co_await stream_events(stream, context, *slot->reply->events_after);
            co_return;
        }
        auto answer = response_of(std::move(*slot->reply), version, keep_alive);
        lowest.expires_after(AdminServer::kWriteTime);
        auto [written, written_bytes] = co_await http::async_write(stream, answer, kNothrow);
        if (written || !keep_alive) co_return;
    }
}

}  // namespace switchyard::control::admin_session
