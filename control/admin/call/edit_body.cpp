#include "control/admin/call/edit_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "config/model/limits.h"
#include "config/text/moment.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"
#include "config/text/spelling.h"
#include "control/edits/endpoint.h"
#include "control/edits/hold.h"
#include "control/edits/part.h"
#include "control/edits/split.h"
#include "control/edits/switch.h"

namespace switchyard::control {
namespace {

// The body's pointers name a place in the call; what an edit refuses names it too.
template <class Wanted>
Edit edit_of(Wanted wanted) {
    return [wanted = std::move(wanted)](const config::Model& model, const Facts& facts) {
        return edits::apply(model, facts, wanted);
    };
}

struct Verb {
    std::string_view name;
    AdminRoute::Access access;
};

using A = AdminRoute::Access;
constexpr std::array kVerbs{
    Verb{"switch", A::operate},        Verb{"split", A::operate},          Verb{"put-endpoint", A::admin},
    Verb{"remove-endpoint", A::admin}, Verb{"endpoint-state", A::operate}, Verb{"put-route", A::admin},
    Verb{"remove-route", A::admin},    Verb{"put-rule", A::operate},       Verb{"remove-rule", A::operate},
    Verb{"hold", A::operate},          Verb{"resume", A::operate},         Verb{"put-upstream", A::admin},
    Verb{"remove-upstream", A::admin}, Verb{"require", A::operate}};

// Longer is no pause any more.
constexpr std::chrono::hours kHoldLimit{24};

// A count of endpoints: more than fits is more than there can be, and must not wrap to fewer.
std::uint32_t clipped(std::uint64_t count) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

std::optional<AdminRoute::Access> access_of_verb(std::string_view verb) {
    const auto found = std::ranges::find(kVerbs, verb, &Verb::name);
    return found == kVerbs.end() ? std::nullopt : std::optional(found->access);
}

const std::vector<std::string>& edit_verbs() {
    static const std::vector<std::string> kNames = [] {
        std::vector<std::string> out;
        for (const Verb& verb : kVerbs) out.emplace_back(verb.name);
        return out;
    }();
    return kNames;
}

Edit read_switch(CallBody& body, const std::string& route, bool force) {
    edits::Switch wanted;
    wanted.route = route;
    wanted.to = body.required_text("to");
    wanted.force = force;
    if (const auto* require = body.find("require")) {
        CallBody inner(*require, body.pointer("require"), {"healthy"});
        wanted.healthy = clipped(inner.number("healthy").value_or(1));
        body.take(inner);
    }
    return edit_of(std::move(wanted));
}

Edit read_hold(CallBody& body, const std::string& route) {
    edits::SetHold wanted{route, {}};
    const auto length = body.duration("for");
    if (!length)
        body.wrong("for", "is required: how long, such as 30s");
    else if (length->count() <= 0 || *length > kHoldLimit)
        body.wrong("for", "must be more than 0 and at most 24h");
    if (const auto limit = body.number("limit")) {
        if (*limit == 0 || *limit > config::kMostHeld)
            body.wrong("limit", fmt::format("must be a whole number from 1 to {}", config::kMostHeld));
        wanted.hold.limit = clipped(*limit);
    }
    if (const auto* respond = body.find("respond")) {
        CallBody inner(*respond, body.pointer("respond"), {"status", "body", "content_type"});
        const auto status = inner.number("status").value_or(503);
        if (status < 200 || status > 599) inner.wrong("status", "must be a status from 200 to 599");
        wanted.hold.respond.status = static_cast<std::uint16_t>(std::min<std::uint64_t>(status, 599));
        wanted.hold.respond.body = inner.text("body").value_or("");
        if (const auto type = inner.text("content_type")) wanted.hold.respond.content_type = *type;
        body.take(inner);
    }
    return [wanted, length](const config::Model& model, const Facts& facts) {
        // To the second above: never shorter than was asked for.
        const auto until = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now() +
                                                                   length.value_or(std::chrono::milliseconds{0}));
        auto held = wanted;
        held.hold.until = config::moment_text(until.time_since_epoch().count());
        return edits::apply(model, facts, held);
    };
}

Edit read_resume(const std::string& route) {
    return edit_of(edits::Resume{route});
}

Result<Edit> read_split(const Json& weights, const std::string& pointer, const std::string& route) {
    edits::SetSplit wanted{route, {}};
    std::vector<config::Error> errors;
    if (!weights.is_object())
        return problems::invalid({config::Error{pointer, "must be an object: upstream → weight"}});
    for (const auto& [upstream, weight] : weights.items()) {
        if (weight.is_number_unsigned() && weight.get<std::uint64_t>() <= config::limits::kWeight)
            wanted.weights.emplace_back(upstream, weight.get<std::uint32_t>());
        else
            errors.push_back({config::pointer_to(pointer, upstream),
                              fmt::format("must be a whole number from 0 to {}", config::limits::kWeight)});
    }
    if (!errors.empty()) return problems::invalid(std::move(errors));
    return edit_of(std::move(wanted));
}

Edit read_endpoint_state(CallBody& body, const std::string& upstream, const std::string& address) {
    edits::SetEndpointState wanted{upstream, address, config::EndpointState::up};
    const auto word = body.required_text("state");
    if (const auto state = config::parse_word<config::EndpointState>(word))
        wanted.state = *state;
    else if (const auto* said = body.find("state"); said != nullptr && said->is_string())
        body.wrong("state", "unknown state " + config::unknown_word(word, config::words<config::EndpointState>()));
    return edit_of(std::move(wanted));
}

edits::Requirement read_requirement(CallBody& body) {
    edits::Requirement wanted;
    wanted.upstream = body.required_text("upstream");
    if (const auto healthy = body.number("healthy")) wanted.healthy = clipped(*healthy);
    wanted.in_flight_below = body.number("in_flight_below");
    if (body.find("healthy") == nullptr && body.find("in_flight_below") == nullptr)
        body.wrong("healthy", "is required, or in_flight_below: without either nothing is required");
    return wanted;
}

namespace {

struct PartVerb {
    edits::PartKind kind;
    std::string what;  // the word for it, and the key of its name
    bool puts;
};

std::optional<PartVerb> part_of_verb(const std::string& verb) {
    for (const auto& [word, kind] :
         {std::pair{"route", edits::PartKind::route}, std::pair{"rule", edits::PartKind::rule},
          std::pair{"upstream", edits::PartKind::upstream}}) {
        if (verb == std::string("put-") + word) return PartVerb{kind, word, true};
        if (verb == std::string("remove-") + word) return PartVerb{kind, word, false};
    }
    return std::nullopt;
}

Result<Edit> read_part_edit(const Json& element, const std::string& pointer, const std::string& verb,
                            const PartVerb& part) {
    CallBody body(element, pointer, {"verb", "route", "rule", "upstream", "settings"});
    edits::Part wanted{part.kind, {}, body.required_text(part.what)};
    const bool rule = part.kind == edits::PartKind::rule;
    if (rule) wanted.route = body.required_text("route");
    for (const std::string_view key : {"route", "rule", "upstream", "settings"}) {
        const bool mine = key == part.what || (rule && key == "route") || (part.puts && key == "settings");
        if (!mine && body.find(key) != nullptr) body.wrong(key, "means nothing to " + verb);
    }
    const auto* settings = body.find("settings");
    if (part.puts && settings == nullptr) body.wrong("settings", "is required");
    if (const auto problem = body.problem()) return *problem;
    if (!part.puts)
        return Edit([wanted](const config::Model& model, const Facts&) { return edits::remove(model, wanted); });
    return Edit([wanted, settings = *settings](const config::Model& model, const Facts&) {
        return edits::put(model, wanted, settings);
    });
}

Result<Edit> read_hold_edit(const Json& element, const std::string& pointer, bool holds) {
    CallBody body = holds ? CallBody(element, pointer, {"verb", "route", "for", "limit", "respond"})
                          : CallBody(element, pointer, {"verb", "route"});
    const auto route = body.required_text("route");
    auto edit = holds ? read_hold(body, route) : read_resume(route);
    if (auto problem = body.problem()) return *problem;
    return edit;
}

}  // namespace

Result<Edit> read_edit(const Json& element, const std::string& pointer, config::Role role) {
    std::string verb;
    if (element.is_object() && element.contains("verb") && element["verb"].is_string())
        verb = element["verb"].get<std::string>();
    if (const auto access = access_of_verb(verb); access && !allowed(role, *access))
        return problems::forbidden(fmt::format("the edit at {} is {}, which needs the role {}; nothing was done",
                                               pointer, verb, *access == A::admin ? "admin" : "operator"));
    const auto finished = [](const CallBody& body, Edit edit) -> Result<Edit> {
        if (auto problem = body.problem()) return *problem;
        return edit;
    };
    if (verb == "switch") {
        CallBody body(element, pointer, {"verb", "route", "to", "require", "force"});
        const auto route = body.required_text("route");
        auto edit = read_switch(body, route, body.flag("force").value_or(false));
        return finished(body, std::move(edit));
    }
    if (verb == "hold" || verb == "resume") return read_hold_edit(element, pointer, verb == "hold");
    if (verb == "split") {
        CallBody body(element, pointer, {"verb", "route", "weights"});
        const auto route = body.required_text("route");
        if (body.find("weights") == nullptr) body.wrong("weights", "is required");
        if (auto problem = body.problem()) return *problem;
        return read_split(*body.find("weights"), body.pointer("weights"), route);
    }
    if (verb == "endpoint-state") {
        CallBody body(element, pointer, {"verb", "upstream", "address", "state"});
        const auto upstream = body.required_text("upstream");
        auto edit = read_endpoint_state(body, upstream, body.required_text("address"));
        return finished(body, std::move(edit));
    }
    if (verb == "put-endpoint") {
        CallBody body(element, pointer, {"verb", "upstream", "address", "settings"});
        const auto upstream = body.required_text("upstream");
        const auto address = body.required_text("address");
        if (auto problem = body.problem()) return *problem;
        const auto* settings = body.find("settings");
        return Edit([upstream, address, settings = settings == nullptr ? Json::object() : *settings](
                        const config::Model& model, const Facts& facts) {
            return edits::apply(model, facts, edits::PutEndpoint{upstream, address, &settings});
        });
    }
    if (verb == "remove-endpoint") {
        CallBody body(element, pointer, {"verb", "upstream", "address"});
        const auto upstream = body.required_text("upstream");
        auto edit = edit_of(edits::RemoveEndpoint{upstream, body.required_text("address")});
        return finished(body, std::move(edit));
    }
    if (const auto part = part_of_verb(verb)) return read_part_edit(element, pointer, verb, *part);
    if (verb == "require") {
        CallBody body(element, pointer, {"verb", "upstream", "healthy", "in_flight_below"});
        const auto wanted = read_requirement(body);
        return finished(body, [wanted](const config::Model& model, const Facts& facts) -> Result<config::Model> {
            if (auto held = edits::require(facts, wanted); !held) return held.error();
            return model;
        });
    }
    return problems::invalid({config::Error{config::pointer_to(pointer, "verb"),
                                            "unknown verb " + config::unknown_word(verb, edit_verbs())}});
}

}  // namespace switchyard::control
