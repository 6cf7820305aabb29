#include "control/admin/server/session.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "control/admin/call/call_reader.h"
#include "control/admin/call/dispatch.h"
#include "control/admin/server/server.h"

namespace switchyard::control {

// What came of reading a call. It lives in the frame of a coroutine with external linkage, and so it has a name
// outside.
enum class CallRead : std::uint8_t { call, refused, gone };

namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;

// What a reader of events that has stopped may hold here, besides what the kernel holds for it.
constexpr std::size_t kEventBatch = 64 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;  // a call is one read, a large configuration some dozens

std::string response_of(AdminReply reply, unsigned version, bool keep_alive, bool head_only = false) {
    bhttp::response<bhttp::string_body> out{static_cast<bhttp::status>(reply.status), version};
    out.set(bhttp::field::content_type, reply.content_type);
    out.set(bhttp::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) out.set(name, value);
    out.keep_alive(keep_alive);
    out.content_length(reply.body.size());
    std::ostringstream text;
    text << out.base();
    if (!head_only) text << reply.body;
    return std::move(text).str();
}

Problem too_slow() {
    return {408, "too-slow", "a call must be complete within 10 s of its first byte"};
}

// One call. Gone: the client has, or said nothing for too long.
asio::awaitable<CallRead> read_call(Wire& wire, std::string& bytes, CallReader& reader, Problem& problem) {
    // Idle until the first byte, then one deadline for the whole request.
    bool idle = bytes.empty();
    const auto silence = wire.has_called ? AdminServer::kIdleTime : AdminServer::kFirstByteTime;
    wire.expires_after(idle ? silence : AdminServer::kRequestTime);
    wire.idle_since = std::chrono::steady_clock::now();  // a call counts when it is whole
    bool told_to_continue = false;
    std::vector<char> room(kReadSize);
    while (true) {
        if (!idle) {
            const auto outcome = reader.feed(bytes);
            if (outcome == CallReader::Outcome::done) co_return CallRead::call;
            if (outcome == CallReader::Outcome::refused) {
                problem = reader.problem();
                co_return CallRead::refused;
            }
            if (!told_to_continue && reader.has_head()) {
                told_to_continue = true;
                if (reader.asks_to_continue() && co_await wire.write("HTTP/1.1 100 Continue\r\n\r\n"))
                    co_return CallRead::gone;
            }
        }
        const auto read = co_await wire.read_some(asio::buffer(room));
        if (read.error == asio::error::timed_out && !idle) {
            problem = too_slow();
            co_return CallRead::refused;
        }
        if (read.error) co_return CallRead::gone;
        bytes.append(room.data(), read.size);
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

// One of the places that a token has for streams of events; taken by the handler.
struct StreamPlace {
    Context& context;
    std::string who;
    ~StreamPlace() {
        if (--context.event_readers[who] == 0) context.event_readers.erase(who);
    }
};

// Reads what is not asked for until the client has gone, so that its place is free at once and not at the next sign of
// life.
asio::awaitable<void> watch_for_the_end(std::shared_ptr<Wire> wire, std::shared_ptr<asio::steady_timer> bell,
                                        std::shared_ptr<bool> gone) {
    std::array<char, 256> unwanted;
    while (!*gone) {
        const auto read = co_await wire->read_some(asio::buffer(unwanted));
        if (read.error) break;
    }
    *gone = true;
    bell->cancel();
}

asio::awaitable<void> stream_events(std::shared_ptr<Wire> wire, Context& context, std::uint64_t after,
                                    std::string who) {
    const StreamPlace place{context, std::move(who)};
    auto& log = context.controller.events();
    wire->expires_after(AdminServer::kWriteTime);
    if (co_await wire->write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                             "Connection: close\r\n\r\n"))
        co_return;
    auto bell = std::make_shared<asio::steady_timer>(context.executor);
    auto gone = std::make_shared<bool>(false);
    asio::co_spawn(context.executor, watch_for_the_end(wire, bell, gone), asio::detached);
    const auto subscription = log.subscribe([bell] { bell->cancel(); });
    while (!*gone) {
        const std::string text = news_after(log, after);
        wire->expires_after(AdminServer::kWriteTime);
        if (co_await wire->write(text)) break;
        if (*gone || log.last_id() > after) continue;
        bell->expires_after(AdminServer::kHeartbeat);
        auto [rung] = co_await bell->async_wait(kNothrow);
        static_cast<void>(rung);
    }
    log.unsubscribe(subscription);
    *gone = true;
    wire->cancel();  // ends the reading beside it
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
    std::string bytes;
    while (true) {
        CallReader reader(AdminServer::kBodyLimit);
        Problem problem;
        const CallRead read = co_await read_call(*wire, bytes, reader, problem);
        if (read == CallRead::refused) {
            wire->expires_after(AdminServer::kWriteTime);
            co_await wire->write(response_of(reply(problem), 11, false));
            co_return;
        }
        if (read == CallRead::gone) co_return;
        wire->idle_since.reset();
        wire->has_called = true;
        auto call = reader.take();
        call.from = from;
        call.certificate = wire->certificate();
        // Each call is judged by what is in force, not by what was when the connection began; the next one is.
        call.certificate_is_over = call.certificate != nullptr && !wire->certificate_stands();
        const bool keep_alive = reader.keep_alive() && !call.certificate_is_over;
        const bool head_only = call.method == "HEAD";
        auto slot = std::make_shared<AnswerSlot>(context.executor);
        wire->expires_never();
        dispatch(context, std::move(call), [slot](AdminReply r) {
            slot->reply = std::move(r);
            slot->bell.cancel();
        });
        while (!slot->reply) co_await slot->bell.async_wait(kNothrow);
        if (slot->reply->events_after) {
            co_await stream_events(wire, context, *slot->reply->events_after, std::move(slot->reply->events_for));
            co_return;
        }
        wire->expires_after(AdminServer::kWriteTime);
        if (co_await wire->write(response_of(std::move(*slot->reply), reader.version(), keep_alive, head_only)) ||
            !keep_alive)
            co_return;
    }
}

}  // namespace switchyard::control
