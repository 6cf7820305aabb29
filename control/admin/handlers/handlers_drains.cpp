// GET /v1/drains[/{id}] · GET /v1/events
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <iterator>
#include <memory>

#include "control/admin/call/body.h"
#include "control/admin/handlers/handlers.h"

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

constexpr unsigned kEventReaders = 32;  // streams of events that one token may have open

// How many are told of what a drain still waits for.
constexpr std::size_t kOldest = 20;
// A worker that does not answer is not waited for.
constexpr std::chrono::milliseconds kOldestWait{500};

Json view(const HeldExchange& held, std::chrono::microseconds now) {
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - std::chrono::microseconds(held.started_us));
    return {{"route", held.route},   {"upstream", held.upstream},     {"method", held.method}, {"path", held.path},
            {"client", held.client}, {"generation", held.generation}, {"tunnel", held.tunnel}, {"age_ms", age.count()}};
}

// A drain with the oldest of what it waits for, as far as the workers answer.
struct OldestWait : std::enable_shared_from_this<OldestWait> {
    OldestWait(Context& context_, Json shown_, Respond respond_)
        : context(context_),
          shown(std::move(shown_)),
          timer(context.executor, kOldestWait),
          respond(std::move(respond_)),
          left(context.registry.workers()) {}

    Context& context;
    Json shown;
    boost::asio::steady_timer timer;
    Respond respond;
    unsigned left;
    std::vector<HeldExchange> all;

    void start(const Drain& drain) {
        timer.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            if (!ec) self->answer();
        });
        context.oldest(drain, kOldest, [self = shared_from_this()](std::vector<HeldExchange> some) {
            std::ranges::move(some, std::back_inserter(self->all));
            if (--self->left == 0) self->answer();
        });
    }
    void answer() {
        auto answer_now = std::exchange(respond, nullptr);
        if (!answer_now) return;
        timer.cancel();
        std::ranges::sort(all, {}, &HeldExchange::started_us);
        if (all.size() > kOldest) all.resize(kOldest);
        auto& oldest = shown["oldest"] = Json::array();
        const auto now =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
        for (const auto& held : all) oldest.push_back(view(held, now));
        answer_now(reply(shown));
    }
};

void tell(Context& context, const Drain& drain, Respond respond) {
    auto shown = view(context.controller.drains(), drain);
    if (drain.state == Drain::State::done || !context.oldest) return respond(reply(shown));
    std::make_shared<OldestWait>(context, std::move(shown), std::move(respond))->start(drain);
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
        const auto* drain = context.controller.drains().find(generation);
        if (drain == nullptr) return answer_now(reply(problems::not_found("the drain is no longer remembered")));
        tell(context, *drain, std::move(answer_now));
    }
};

}  // namespace

void get_drains(const InForceDesk& desk, const AdminRequest&, Respond respond) {
    const auto& book = desk.controller.drains();
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
    if (wait->count() == 0 || drain->state != Drain::State::running) return tell(context, *drain, std::move(respond));
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
    if (open >= kEventReaders)
        return respond(reply(Problem(
            429, "too-many-streams",
            fmt::format("token {} has {} streams of events open already; close one", request.who, kEventReaders))));
    ++open;
    out.events_for = request.who;
    respond(std::move(out));
}

}  // namespace switchyard::control::handlers
