#include "config/nginx_import/location_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/nginx_import/answer.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/targets.h"

namespace switchyard::config::nginx {

namespace {

struct Path {
    bool exact = false;
    std::string text;
};

bool is_plain_path(const std::string& path) {
    return path.starts_with('/') && path.find_first_of("?# ") == std::string::npos &&
           path.find("/./") == std::string::npos && path.find("/../") == std::string::npos &&
           std::ranges::all_of(path, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

// A location that refuses requests leaves them open to all when it is not carried over: that is said by itself.
void note_refusals(const std::vector<Directive>& block, Notes& notes) {
    for (const Directive& directive : block) {
        const bool refuses = directive.name == "deny" || directive.name == "internal" ||
                             directive.name == "limit_except" || directive.name.starts_with("auth_") ||
                             (directive.name == "return" && directive.arg(0).starts_with('4'));
        if (refuses)
            notes.lost(directive,
                       "ACCESS CONTROL IS NOT CARRIED OVER: enforce it in the application or in front of Switchyard");
    }
}

// Nothing, and a note, when the location has no counterpart.
std::optional<Path> location_path(const Directive& location, Notes& notes) {
    std::string modifier = location.args.size() > 1 ? location.arg(0) : "";
    std::string path = location.args.size() > 1 ? location.arg(1) : location.arg(0);
    // nginx also takes the modifier without a space: =/x, ~^/x.
    for (const std::string_view glued : {"^~", "~*", "~", "="})
        if (modifier.empty() && path.starts_with(glued)) {
            modifier = glued;
            path.erase(0, glued.size());
        }
    if (path.starts_with('@') && modifier.empty()) {
        notes.unneeded(location, "named locations are carried over where try_files leads to them, and nowhere else");
        return std::nullopt;
    }
    if (modifier == "~" || modifier == "~*") {
        notes.lost(
            location,
            "routes match by prefix or exact path, not by regular expression: write the prefixes as routes, or a "
            "rule with {\"path\": true, \"matches\": …} in the route above. Until then its requests go where the "
            "prefix locations lead");
        note_refusals(location.children, notes);
        return std::nullopt;
    }
    if (!is_plain_path(path)) {
        notes.lost(location, "this path has no counterpart");
        return std::nullopt;
    }
    return Path{modifier == "=", path};
}

const Directive* find_child(const std::vector<Directive>& block, std::string_view name) {
    const auto found = std::ranges::find(block, name, &Directive::name);
    return found == block.end() ? nullptr : &*found;
}

// `deny all;` without any exception; inside it also what says nothing of its own.
bool denies_all(const std::vector<Directive>& block, bool around) {
    const auto excepts = [](const Directive& d) {
        return d.name == "allow" || d.name == "satisfy" || d.name.starts_with("auth_");
    };
    if (std::ranges::any_of(block, excepts)) return false;
    const Directive* deny = find_child(block, "deny");
    return deny ? deny->arg(0) == "all" : around;
}

// `try_files … @app`: without files to look for, everything goes to @app.
const Directive* fallback_location(const Directive& location, const ServerContext& server) {
    const Directive* try_files = find_child(location.children, "try_files");
    if (!try_files || try_files->args.empty() || !try_files->args.back().starts_with('@')) return nullptr;
    for (const Directive& other : *server.directives)
        if (other.name == "location" && other.args.size() == 1 && other.arg(0) == try_files->args.back()) return &other;
    return nullptr;
}

class LocationImport {
  public:
    LocationImport(const Directive& location, const ServerContext& server)
        : location_(location), server_(server), notes_(*server.notes) {}

    std::vector<Draft> drafts;

    void run(const Path& path, Flow flow, const Settings& around) {
        path_ = path;
        Settings settings = around.under(location_.children);
        const Flow flow_around = flow;
        denied_ = denies_all(location_.children, server_.denied);
        flow.walk(location_.children, notes_);
        const Directive* pass = find_child(location_.children, "proxy_pass");
        note_the_rest(location_.children);
        if (const Directive* other = pass ? nullptr : fallback_location(location_, server_)) {
            notes_.changed(*find_child(location_.children, "try_files"),
                           fmt::format("no files are served: everything goes to {}", other->arg(0)));
            settings = server_.settings->under(other->children);
            named_ = true;
            flow.walk(other->children, notes_);
            pass = find_child(other->children, "proxy_pass");
            note_the_rest(other->children);
        }
        for (const PartialAnswer& partial : flow.partial_answers)
            if (partial.hosts.empty()) add_partial(partial, settings);
        if (find_child(location_.children, "internal"))
            add_internal();
        else if (flow.answer)
            add_answer(*flow.answer, settings);
        else if (denied_)
            add_denial();
        else if (!pass && flow.conditional_passes.empty())
            add_unhandled();
        else
            add_proxy(flow, pass, settings);
        note_borders();
        // To nginx settings and access rules hold inside as well; what `set`, `if` and `return` do does not.
        ServerContext here = server_;
        here.denied = denied_;
        for (const Directive& inner : location_.children)
            if (inner.name == "location")
                for (Draft& draft : import_location(inner, flow_around, settings, here))
                    drafts.push_back(std::move(draft));
    }

  private:
    Draft fresh_draft() const {
        Draft draft;
        draft.origin = &location_;
        draft.name_wish = path_.text;
        (path_.exact ? draft.route.match.path_exact : draft.route.match.path_prefix) = path_.text;
        return draft;
    }

    void note_the_rest(const std::vector<Directive>& block) {
        for (const Directive& directive : block) {
            const bool handled = Flow::knows(directive.name) || Settings::knows(directive.name) ||
                                 directive.name == "proxy_pass" || directive.name == "location" ||
                                 directive.name == "health_check" || directive.name == "internal" ||
                                 (directive.name == "deny" && denied_);
            const bool leads_on = directive.name == "try_files" && !find_child(block, "proxy_pass") &&
                                  fallback_location(location_, server_);
            if (!handled && !leads_on) note_untranslated(directive, notes_);
        }
    }

    void add_partial(const PartialAnswer& partial, const Settings& settings) {
        Draft draft = fresh_draft();
        draft.route.match.methods = partial.methods;
        draft.name_wish += "-" + partial.methods.front();
        draft.origin = partial.answer;
        set_answer(draft.route, *partial.answer, settings, server_.name, notes_);
        drafts.push_back(std::move(draft));
    }

    void add_answer(const Directive& answer, const Settings& settings) {
        Draft draft = fresh_draft();
        set_answer(draft.route, answer, settings, server_.name, notes_);
        for (const Directive* header : settings.response_headers)
            if (header->arg(0) != "Content-Type")
                notes_.lost(*header, "headers are added to responses of endpoints only, not to fixed answers");
        drafts.push_back(std::move(draft));
    }

    void add_denial() {
        Draft draft = fresh_draft();
        draft.route.respond = {403, "Forbidden.\n", Respond{}.content_type};
        drafts.push_back(std::move(draft));
    }

    // Without error pages, subrequests and X-Accel-Redirect nothing leads there.
    void add_internal() {
        Draft draft = fresh_draft();
        draft.route.respond = {404, "Not found.\n", Respond{}.content_type};
        notes_.changed(location_,
                       "requests of clients get 404 as in nginx, and no error page, auth_request or X-Accel-Redirect "
                       "of the application leads here");
        drafts.push_back(std::move(draft));
    }

    void add_unhandled() {
        Draft draft = fresh_draft();
        set_not_carried_over(draft.route);
        notes_.lost(location_, "nothing in it that Switchyard can do: requests for it are answered with 501");
        drafts.push_back(std::move(draft));
    }

    void add_proxy(const Flow& flow, const Directive* pass, const Settings& settings) {
        Draft draft = fresh_draft();
        Targets targets(*server_.upstreams, notes_);
        if (!targets.set(draft.route, flow, pass)) {
            notes_.lost(pass ? *pass : location_, "no upstream can be made out: requests for it are answered with 501");
            set_not_carried_over(draft.route);
            drafts.push_back(std::move(draft));
            return;
        }
        replace_prefix(draft.route, flow, targets.replacement(), pass ? *pass : location_);
        apply_settings(draft.route, settings, location_, targets.host(), *server_.upstreams, notes_);
        if (const Directive* check = find_child(location_.children, "health_check"))
            apply_health_check(draft.route, *check, *server_.upstreams, notes_);
        const auto host = draft.route.request_headers.set.find("Host");
        if (targets.hosts_differ() && host != draft.route.request_headers.set.end() &&
            targets.host().starts_with(host->second))
            notes_.changed(pass ? *pass : location_,
                           fmt::format("nginx sends each of its upstreams the Host of its own URL; here all get \"{}\"",
                                       host->second));
        if (pass && !named_ && !path_.exact && path_.text.size() > 1 && path_.text.ends_with('/')) add_slash_redirect();
        drafts.push_back(std::move(draft));
    }

    void replace_prefix(Route& route, const Flow& flow, const std::string& replacement, const Directive& where) {
        std::string from = path_.text, to = replacement;
        if (to.empty() && flow.prefix_change) {
            from = flow.prefix_change->from;
            to = flow.prefix_change->to.empty() ? "/" : flow.prefix_change->to;
            if (!path_.text.starts_with(from) ||
                (path_.text.size() > from.size() && !from.ends_with('/') && path_.text[from.size()] != '/'))
                return notes_.lost(where,
                                   "the rewrite of this location replaces a prefix that not all of its paths have");
        }
        if (to.empty() || to == from) return;
        note_joint(flow, replacement, where);
        if (!is_plain_path(to)) return notes_.lost(where, fmt::format("the path \"{}\" has no counterpart", to));
        // Both end in a slash or neither does: what stays is joined the same way.
        if (from.size() > 1 && from.ends_with('/') && to.ends_with('/')) {
            from.pop_back();
            to.pop_back();
        } else if (from.size() > 1 && to == "/") {
            to.clear();
        }
        route.strip_prefix = from;
        route.replace_prefix = to;
    }

    // nginx puts text in place of text; here a whole prefix makes way for another.
    void note_joint(const Flow& flow, const std::string& replacement, const Directive& where) {
        constexpr auto kJoint = "here {0} makes way for {1} as whole segments; nginx would send {2} as {3}";
        if (!replacement.empty()) {
            const std::string rest = path_.text.ends_with('/') ? "x" : "/x";
            if (!path_.exact && path_.text.ends_with('/') != replacement.ends_with('/'))
                notes_.changed(where,
                               fmt::format(kJoint, path_.text, replacement, path_.text + rest, replacement + rest));
            return;
        }
        const PrefixChange& change = *flow.prefix_change;
        if (!change.exact)
            notes_.changed(*change.origin,
                           fmt::format("here {} makes way for {} as whole segments; nginx joins the rest "
                                       "with a slash too many or too few",
                                       change.from, change.to.empty() ? "/" : change.to));
        if (change.leaves_bare_path && path_.text == change.from)
            notes_.changed(*change.origin,
                           fmt::format("{} alone is replaced as well; nginx would leave it", change.from));
    }

    void note_borders() {
        if (!path_.exact && path_.text.size() > 1 && !path_.text.ends_with('/'))
            notes_.changed(location_, fmt::format("takes {0} and {0}/…; nginx takes {0}x as well", path_.text));
    }

    // nginx sends /api to /api/ when a location /api/ proxies.
    void add_slash_redirect() {
        for (const Directive& other : *server_.directives)
            if (other.name == "location" && !other.args.empty() &&
                other.args.back() == path_.text.substr(0, path_.text.size() - 1))
                return;
        Draft draft = fresh_draft();
        draft.route.match.path_prefix = Match{}.path_prefix;
        draft.route.match.path_exact = path_.text.substr(0, path_.text.size() - 1);
        draft.route.redirect = {path_.text + "?{query}", 301};
        draft.name_wish += "slash";
        drafts.push_back(std::move(draft));
    }

    const Directive& location_;
    const ServerContext& server_;
    Notes& notes_;
    Path path_;
    bool denied_ = false;  // nobody may ask for it
    bool named_ = false;   // its proxy_pass stands in a named location
};

}  // namespace

std::vector<Draft> import_location(const Directive& location, const Flow& server_flow, const Settings& around,
                                   const ServerContext& server) {
    auto path = location_path(location, *server.notes);
    if (!path) return {};
    // Prefixes match at segment borders here, so /api and /api/ would be one.
    const bool has_slash_twin = std::ranges::any_of(*server.directives, [&](const Directive& other) {
        return other.name == "location" && !other.args.empty() && other.args.back() == path->text + "/";
    });
    if (!path->exact && has_slash_twin) {
        path->exact = true;
        server.notes->changed(location, fmt::format("takes {0} alone; nginx takes {0}x as well", path->text));
    }
    LocationImport import(location, server);
    Flow flow = server_flow;
    flow.ended = false;
    import.run(*path, std::move(flow), around);
    return std::move(import.drafts);
}

}  // namespace switchyard::config::nginx
