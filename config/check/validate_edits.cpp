#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "config/check/checks.h"
#include "config/check/host_value.h"
#include "config/check/http_syntax.h"
#include "config/model/limits.h"
#include "config/text/placeholder.h"
#include "config/text/target_text.h"

namespace switchyard::config {
namespace {

// Case does not tell headers apart, so "x-env" beside "X-Env" would leave open which one wins.
std::string folded(std::string name) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

// Request headers that say one thing, and that the proxy writes itself: a second line would contradict the first.
bool has_one_value(std::string_view name) {
    constexpr std::array<std::string_view, 5> kOne{"host", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
                                                   "x-request-id"};
    return std::ranges::any_of(kOne, [&](std::string_view one) { return same_header(one, name); });
}

// The key by which a cookie is set for the sake of stickiness; empty: none is.
std::string sets_cookie(const Model& model, const Route& route) {
    if (route.sticky && route.sticky->mint) return "sticky.mint";
    const auto sticks = [&](const std::string& name) {
        const auto found = model.upstreams.find(name);
        return found != model.upstreams.end() && !found->second.sticky_session.cookie.empty();
    };
    for (const auto& [upstream, weight] : route.split)
        if (sticks(upstream)) return fmt::format("sticky_session of {}", upstream);
    for (const auto& rule : route.rules)
        if (sticks(rule.upstream)) return fmt::format("sticky_session of {}", rule.upstream);
    return {};
}

class EditChecks {
  public:
    EditChecks(Checks& checks, const std::string& at, const Route& route, bool request)
        : checks_(checks), at_(at), route_(route), request_(request) {}

    void run(const HeaderEdits& edits) {
        set_names_ = values("set", edits.set);
        values("add", edits.add);
        for (std::size_t i = 0; i < edits.remove.size(); ++i) {
            const std::string& name = edits.remove[i];
            const std::string here = pointer_to(at_ + "/remove", i);
            checks_.header_name(here, name);
            may_be_edited(here, "remove", name);
            if (set_names_.contains(folded(name)))
                checks_.fail(here, fmt::format("{} is also in \"set\", which replaces it", name));
        }
    }

  private:
    std::set<std::string> values(std::string_view part, const std::map<std::string, std::string>& edits) {
        std::set<std::string> names;
        for (const auto& [name, value] : edits) {
            const std::string here = pointer_to(fmt::format("{}/{}", at_, part), name);
            checks_.header_name(here, name);
            may_be_edited(here, part, name);
            if (!is_field_value(value))
                checks_.fail(here, "a header value has no control characters and no space at its ends");
            checks_.text(here, value, limits::kHeaderValueLength);
            const bool groups = !route_.match.path_matches.empty() || !route_.match.host_matches.empty();
            for (const auto& use : placeholders_in(value, groups))
                if (const auto group = group_named(use.word))
                    check_group(checks_, here, use.word, group->group,
                                group->what == TargetPart::What::path_group ? route_.match.path_matches
                                                                            : route_.match.host_matches);
                else if (!placeholder_of(use.word))
                    checks_.fail(here, "unknown placeholder " + unknown_word(use.word, kPlaceholders));
            if (request_ && same_header(name, "host") && !in_force(part, name)) makes_host(here, value, groups);
            if (!names.insert(folded(name)).second) checks_.fail(here, fmt::format("{} is there twice", name));
        }
        return names;
    }

    // Of paths, addresses and certificates comes what would make two hosts of one, or none.
    void makes_host(const std::string& here, std::string_view value, bool groups) {
        if (const auto word = unfit_for_host(value, groups); !word.empty())
            checks_.fail(here, fmt::format("{{{}}} may hold what no host is made of: expected text, {{host}}, "
                                           "{{host.1}} or {{request_id}}",
                                           word));
    }

    void may_be_edited(const std::string& here, std::string_view part, const std::string& name) {
        if (is_hop_header(name))
            checks_.fail(here, fmt::format("{} is written by the proxy itself and cannot be edited", name));
        if (request_ && part == "remove" && same_header(name, "host"))
            checks_.fail(here, "Host cannot be removed; every request has one");
        if (request_ && part == "add" && same_header(name, "host"))
            checks_.fail(here, "a request has only one Host: use \"set\"");
        if (request_ && same_header(name, "cdn-loop") &&
            std::ranges::any_of(checks_.model.listeners, [](const auto& one) { return !one.cdn_loop.empty(); }))
            checks_.fail(here, "CDN-Loop is how loops are found where a listener has cdn_loop: it cannot be edited");
        if (in_force(part, name)) return;
        if (request_ && same_header(name, "expect"))
            checks_.fail(here,
                         "Expect decides when a body is sent, and belongs to the client: it cannot be edited; leave "
                         "it out");
        else if (request_ && part == "add" && has_one_value(name) && !same_header(name, "host"))
            checks_.fail(here, fmt::format("{} has one value, and the proxy writes it: use \"set\"", name));
        else if (!request_ && part != "add" && same_header(name, "set-cookie")) {
            if (const auto by = sets_cookie(checks_.model, route_); !by.empty())
                checks_.fail(here,
                             fmt::format("Set-Cookie carries the cookie of {}: use \"add\", or go without {}", by, by));
        }
    }

    bool in_force(std::string_view part, const std::string& name) const {
        const std::string_view side = request_ ? "request_headers" : "response_headers";
        return checks_.taken != nullptr &&
               checks_.taken->edits.contains(edit_text(route_.name, fmt::format("{}/{}", side, part), name));
    }

    Checks& checks_;
    const std::string& at_;
    const Route& route_;
    bool request_;
    std::set<std::string> set_names_;
};

}  // namespace

void check_header_edits(Checks& checks, const std::string& at, const Route& route, bool request) {
    EditChecks(checks, at, route, request).run(request ? route.request_headers : route.response_headers);
}

}  // namespace switchyard::config
