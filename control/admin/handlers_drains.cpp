// GET /v1/drains[/{id}] · GET /v1/events
#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <memory>

#include "control/admin/body.h"
#include "control/admin/handlers.h"
#include "control/admin/server.h"

namespace switchyard::control::handlers {
namespace {

const char* word(Drain::State state) {
    switch (state) {
        case Drain::State::running:
            return "running";
        case Drain::State::done:
            return "done";
        case Drain::State::expired:
            return "expired";
    }
    return "running";
}

Json view(const DrainBook& book, const Drain& drain) {
    Json out = {{"id", std::to_string(drain.generation)},
                {"generation", drain.generation},
                {"state", word(drain.state)},
                {"started_at", timestamp(drain.started)}};
    if (drain.ended) out["ended_at"] = timestamp(*drain.ended);
    if (drain.deadline) out["deadline"] = timestamp(*drain.deadline);
    out["policy"] = drain.policy == DrainPolicy::cut ? "cut" : "leave";
    if (drain.cut) out["cut"] = true;
    out["in_flight"] = to_json(book.in_flight(drain));
    out["at_start"] = to_json(drain.at_start);
    return out;
}

// Answers when the drain has ended or the time is over, whichever comes first.
struct DrainWait : std::enable_shared_from_this<DrainWait> {
    DrainWait(Context& context_, std::uint64_t generation_, std::chrono::milliseconds wait, Respond respond_)
        : context(context_), generation(generation_), timer(context.executor, wait), respond(std::move(respond_)) {}

    Context& context;
    const std::uint64_t generation;
    boost::asio::steady_timer timer;
    Respond respond;
    unsigned bell = 0;

    void start() {
        bell = context.controller.on_drain([self = shared_from_this()] { self->look(); });
        timer.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            if (!ec) self->answer();
        });
        look();
    }
    void look() {
        const auto* drain = context.controller.drains().find(generation);
        if (drain == nullptr || drain->state != Drain::State::running) answer();
    }
    void answer() {
        auto answer_now = std::exchange(respond, nullptr);
        if (!answer_now) return;
        context.controller.off_drain(bell);
        timer.cancel();
        const auto& book = context.controller.drains();
        const auto* drain = book.find(generation);
        answer_now(drain == nullptr ? reply(problems::not_found("the drain is no longer remembered"))
                                    : reply(view(book, *drain)));
    }
};

}  // namespace

void get_drains(Context& context, const AdminRequest&, Respond respond) {
    const auto& book = context.controller.drains();
    Json out = Json::array();
    for (const auto* drain : book.newest_first()) out.push_back(view(book, *drain));
    respond(reply(Json{{"drains", std::move(out)}}));
}

void get_drain(Context& context, const AdminRequest& request, Respond respond) {
    const auto generation = place_number(request, 0);
    if (!generation) return respond(reply(generation.error()));
    const auto& book = context.controller.drains();
    const auto* drain = book.find(*generation);
    if (drain == nullptr)
        return respond(reply(problems::not_found("there is no drain " + request.places[0] +
                                                 "; a change opens one when it takes traffic from an upstream")));
    const auto wait = query_wait(request);
    if (!wait) return respond(reply(wait.error()));
    if (wait->count() == 0 || drain->state != Drain::State::running) return respond(reply(view(book, *drain)));
    std::make_shared<DrainWait>(context, *generation, *wait, std::move(respond))->start();
}

void events(Context& context, const AdminRequest& request, Respond respond) {
    std::string after = request.header("last-event-id");
    if (after.empty()) after = request.query_value("after").value_or("");
    AdminReply out;
    out.content_type = "text/event-stream";
    out.events_after = context.controller.events().last_id();
    if (!after.empty()) {
        std::uint64_t id = 0;
        const auto [end, ec] = std::from_chars(after.data(), after.data() + after.size(), id);
        if (ec != std::errc{} || end != after.data() + after.size())
            return respond(reply(problems::bad_request("Last-Event-ID must be the id of an event")));
        out.events_after = id;
    }
    auto& open = context.event_readers[request.who];
    if (open >= AdminServer::kEventReaders)
        return respond(reply(Problem(429, "too-many-streams",
                                     fmt::format("token {} has {} streams of events open already; close one",
                                                 request.who, AdminServer::kEventReaders))));
    ++open;
    out.events_for = request.who;
    respond(std::move(out));
}

}  // namespace switchyard::control::handlers
