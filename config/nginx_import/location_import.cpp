#include "config/nginx_import/location_import.h"
#include "config/nginx_import/apply_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/model/expression.h"
#include "config/nginx_import/answer.h"
#include "config/nginx_import/error_page_import.h"
#include "config/nginx_import/files_import.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/location_path.h"
#include "config/nginx_import/pattern.h"
#include "config/nginx_import/rewrites.h"
#include "config/nginx_import/rules.h"
#include "config/nginx_import/targets.h"

namespace switchyard::config::nginx {

namespace {

// `try_files … @app`: without files to look for, everything goes to @app.
const Directive* fallback_location(const Directive& location, const ServerContext& server) {
    const Directive* try_files = find_child(location.children, "try_files");
    if (!try_files || try_files->args.empty() || !try_files->args.back().starts_with('@')) return nullptr;
    for (const Directive& other : *server.directives)
        if (other.name == "location" && other.args.size() == 1 && other.arg(0) == try_files->args.back()) return &other;
    return nullptr;
}

bool refuses_some(const Route& route) {
    return route.respond.status >= 400 || std::ranges::any_of(route.rules, [](const Rule& rule) {
               return rule.respond.status >= 400 || rule.deny != 0;
           });
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
        guards_ = server_.guards.under(location_.children);
        doors_ = {guards_};
        flow.in_location = true;
        flow.walk(location_.children, notes_);
        const Directive* pass = find_pass(location_.children);
        if (!path_.when && !path_.guessed && flow.conditional_passes.empty() && flow.rewrites.empty() &&
            !flow.prefix_change && !flow.answer && reads_files(location_.children))
            files_ = files_of(location_, settings, path_.exact, *server_.directives, notes_);
        note_the_rest(location_.children);
        if (const Directive* other = pass ? nullptr : fallback_location(location_, server_)) {
            notes_.changed(*find_child(location_.children, "try_files"),
                           fmt::format("no files are served: everything goes to {}", other->arg(0)));
            settings = server_.settings->under(other->children);
            doors_.push_back(server_.server_guards.under(other->children));
            named_ = true;
            flow.walk(other->children, notes_);
            pass = find_pass(other->children);
            note_the_rest(other->children);
        }
        const bool calls = (pass != nullptr && pass->name == "grpc_pass") ||
                           (!flow.conditional_passes.empty() && flow.conditional_passes[0].second->name == "grpc_pass");
        if (calls) settings = settings.for_calls();
        for (const PartialAnswer& partial : flow.partial_answers)
            if (partial.hosts.empty()) add_partial(partial, settings);
        for (const PartRedirect& redirect : flow.part_redirects) add_redirect(redirect, flow, settings);
        if (find_child(location_.children, "internal")) {
            add_internal();
        } else {
            note_doors();
            if (flow.answer)
                add_answer(*flow.answer, settings);
            else if (denied_.kind == Formula::Kind::always)
                add_denial();
            else if (files_)
                add_files(settings);
            else if (!pass && flow.conditional_passes.empty())
                add_unhandled();
            else
                add_proxy(flow, pass, settings);
            guard(drafts.back(), flow, settings);
        }
        add_border(Draft(drafts.back()));
        note_borders();
        // To nginx settings and access rules hold inside as well; what `set`, `if` and `return` do does not.
        ServerContext here = server_;
        here.guards = guards_;
        for (const Directive& inner : location_.children)
            if (inner.name == "location") import_inner(inner, flow_around, settings, here);
    }

  private:
    Draft fresh_draft() const {
        Draft draft;
        draft.origin = &location_;
        draft.name_wish = path_.text;
        draft.stops_patterns = path_.stops_patterns;
        draft.when = path_.when;
        draft.guessed = path_.guessed;
        if (!path_.when) (path_.exact ? draft.route.match.path_exact : draft.route.match.path_prefix) = path_.text;
        return draft;
    }

    void import_inner(const Directive& inner, const Flow& flow, const Settings& settings, const ServerContext& here) {
        for (Draft& draft : import_location(inner, flow, settings, here)) {
            if (path_.when) {
                // Inside an expression: both must hold. A prefix in there is one more test of the path.
                Condition own;
                own.key = {Key::Source::path, {}};
                const bool exact = !draft.route.match.path_exact.empty();
                own.test = exact ? Condition::Test::equals : Condition::Test::prefix;
                own.values = {exact ? draft.route.match.path_exact : draft.route.match.path_prefix};
                draft.when = draft.when.value_or(own);
                if (draft.inside) draft.when = both(Formula::of(*draft.inside), Formula::of(*draft.when)).condition;
                draft.inside = path_.when;
                draft.route.match.path_exact.clear();
                draft.route.match.path_prefix = Match{}.path_prefix;
                draft.border.clear();
                // nginx asks the inner one first.
                drafts.insert(drafts.begin(), std::move(draft));
                continue;
            }
            if (path_.stops_patterns && !draft.when && !draft.stops_patterns) {
                draft.stops_patterns = true;
                draft.firm_prefix = path_.text;
            }
            if (draft.when && draft.within.empty() && is_plain_path(path_.text)) draft.within = path_.text;
            drafts.push_back(std::move(draft));
        }
    }

    // Whom the location's doors refuse, and the guard that is not carried over.
    void note_doors() {
        denied_ = Formula::constant(false);
        for (const Guards& door : doors_) {
            denied_ = either(denied_, door.denied());
            if (unheld_ == nullptr) unheld_ = door.unheld();
            door.note(notes_);
        }
        for (const Directive& directive : location_.children) {
            if (directive.name != "limit_except") continue;
            const Guards others = guards_.under(directive.children);
            const Formula methods = other_methods(directive);
            others.note(notes_);
            if (others.unheld() != nullptr && others.unheld() != unheld_)
                note_closed(*others.unheld(), "the other methods are closed (403)");
            const Formula inside = others.unheld() != nullptr ? Formula::constant(true) : others.denied();
            denied_ = either(both(negated(methods), denied_), both(methods, inside));
        }
    }

    // Puts before what a location does whom it refuses, in the order in which nginx asks: `if`, then access.
    void guard(Draft& main, const Flow& flow, const Settings& settings) {
        Route& route = main.route;
        std::vector<Rule> front;
        std::set<std::string> taken;
        for (const Rule& rule : route.rules) taken.insert(rule.name);
        const auto refuse = [&](const Condition& when, const Respond& respond) {
            front.push_back({rule_name(when, taken), when, "", "", respond});
        };
        for (const ConditionalAnswer& conditional : flow.conditional_answers) {
            Route answer;
            set_answer(answer, *conditional.answer, settings, server_.name, notes_);
            refuse(conditional.when, answer.respond);
        }
        const bool carried = route.respond.status != kNotCarriedOver;
        const Directive* closing = flow.closing;
        if (!flow.answer) {
            if (denied_.kind == Formula::Kind::depends) {
                const auto access = doors_.size() == 1 ? guards_.access() : std::nullopt;
                if (access && front.empty() && denied_.condition == guards_.denied().condition)
                    main.door = {denied_.condition, *access};
                front.push_back({rule_name(denied_.condition, taken), denied_.condition, "", "", {}, refused().status});
            }
            if (closing == nullptr) closing = unheld_;
        }
        if (closing) {
            note_closed(*closing,
                        carried ? "what it guards is closed (403)" : "its requests are answered with 501 anyway");
            if (carried) {
                const std::string split = shown(route.split);
                if (!split.empty())
                    notes_.changed(location_,
                                   fmt::format("closed by line {}; to open it, put \"split\": {{{}}} in place "
                                               "of the \"respond\" of its route",
                                               closing->line, split));
                shut(route,
                     {refused().status, "What guards this in nginx was not carried over.\n", Respond{}.content_type});
            }
            front.clear();
            main.door.reset();
        }
        route.rules.insert(route.rules.begin(), front.begin(), front.end());
        if (main.when && main.when->test == Condition::Test::matches && main.when->kind == Condition::Kind::test &&
            route.respond.status != kNotCarriedOver && refuses_some(route))
            main.when->values[0] = at_last_line_end(main.when->values[0]);
    }

    // A prefix that refuses does so for what goes on behind it without a slash as well.
    void add_border(const Draft& main) {
        if (refuses_some(main.route) && !path_.border.empty()) {
            Draft border = main;
            border.border = path_.border;
            border.route.match = {};
            Condition goes_on;
            goes_on.key = {Key::Source::path, {}};
            goes_on.test = Condition::Test::prefix;
            goes_on.values = {path_.border};
            border.when = goes_on;
            path_.border.clear();
            drafts.push_back(std::move(border));
        }
    }

    void note_closed(const Directive& guard, std::string_view what) {
        notes_.lost(guard,
                    fmt::format("ACCESS CONTROL IS NOT CARRIED OVER: {}, until you enforce it in the application "
                                "or in front of Switchyard and open it by hand",
                                what));
    }

    static std::string shown(const Split& split) {
        std::string out;
        for (const auto& [upstream, weight] : split)
            out += fmt::format("{}\"{}\": {}", out.empty() ? "" : ", ", upstream, weight);
        return out;
    }

    // Nothing leads on from here.
    static void shut(Route& route, Respond respond) {
        route.rules.clear();
        route.split.clear();
        route.sticky.reset();
        route.redirect = {};
        route.static_files = {};
        route.strip_prefix.clear();
        route.replace_prefix.clear();
        route.rewrite.clear();
        route.answers = {};
        route.expires.clear();
        route.rewrite.clear();
        route.respond = std::move(respond);
    }

    void note_the_rest(const std::vector<Directive>& block) {
        for (const Directive& directive : block) {
            const bool handled = Flow::knows(directive.name) || Settings::knows(directive.name) ||
                                 is_pass(directive.name) || directive.name == "location" ||
                                 directive.name == "health_check" || directive.name == "internal" ||
                                 Guards::knows(directive.name);
            const bool leads_on =
                directive.name == "try_files" && !find_pass(block) && fallback_location(location_, server_);
            const bool of_files = files_ && (is_file_directive(directive.name) || directive.name == "autoindex");
            if (!handled && !leads_on && !of_files) note_untranslated(directive, notes_);
        }
    }

    void add_partial(const PartialAnswer& partial, const Settings& settings) {
        Draft draft = fresh_draft();
        draft.route.match.methods = partial.methods;
        draft.name_wish += "-" + partial.methods.front();
        draft.origin = partial.answer;
        set_answer(draft.route, *partial.answer, settings, server_.name, notes_);
        apply_fixed_headers(draft.route, settings, notes_);
        drafts.push_back(std::move(draft));
    }

    // Of the location's own expression, where nothing in it is asked that would take other groups.
    unsigned groups() const {
        const auto takes = [](const Directive& d) { return d.name == "if" || d.name == "rewrite"; };
        if (!path_.when || path_.guessed || std::ranges::any_of(location_.children, takes)) return 0;
        return path_.when->test == Condition::Test::matches ? groups_of(path_.when->values[0]) : 0;
    }

    void add_answer(const Directive& answer, const Settings& settings) {
        Draft draft = fresh_draft();
        set_answer(draft.route, answer, settings, server_.name, notes_, groups());
        apply_fixed_headers(draft.route, settings, notes_);
        drafts.push_back(std::move(draft));
    }

    // Of some of its paths: an expression within the prefix. Whom the location refuses gets the redirect too, as in
    // nginx.
    void add_redirect(const PartRedirect& redirect, const Flow& flow, const Settings& settings) {
        if (path_.when || path_.exact || !flow.conditional_answers.empty() || flow.closing != nullptr)
            return notes_.lost(*redirect.answer,
                               "redirecting some of the paths of an expression, of one path, or behind an `if` has no "
                               "counterpart: they are handled like the others");
        Draft draft = fresh_draft();
        draft.route.match.path_matches = redirect.matches;
        draft.name_wish += "-" + redirect.matches;
        draft.origin = redirect.answer;
        set_answer(draft.route, *redirect.answer, settings, server_.name, notes_,
                   std::max(1U, groups_of(redirect.matches)));
        apply_fixed_headers(draft.route, settings, notes_);
        drafts.push_back(std::move(draft));
    }

    void add_denial() {
        Draft draft = fresh_draft();
        draft.route.respond = refused();
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

    void add_files(const Settings& settings) {
        Draft draft = fresh_draft();
        draft.route.static_files = *files_;
        // Names that begin with a dot are shown where they are meant.
        draft.route.static_files.dot_files = path_.text.find("/.") != std::string::npos;
        apply_rate(draft.route, settings, notes_);
        apply_counts(draft.route, settings, notes_);
        apply_fixed_headers(draft.route, settings, notes_);
        apply_error_pages(draft.route, settings, notes_);
        apply_expires(draft.route, settings, notes_);
        drafts.push_back(std::move(draft));
    }

    void add_proxy(const Flow& flow, const Directive* pass, const Settings& settings) {
        Draft draft = fresh_draft();
        Targets targets(*server_.upstreams, settings, groups(), notes_);
        if (!targets.set(draft.route, flow, pass)) {
            draft.route.rules.clear();
            notes_.lost(pass ? *pass : location_, "no upstream can be made out: requests for it are answered with 501");
            set_not_carried_over(draft.route);
            drafts.push_back(std::move(draft));
            return;
        }
        if (!targets.rewrite().empty())
            draft.route.rewrite = {{"", targets.rewrite()}};
        else if (!flow.rewrites.empty())
            rewrite_paths(draft.route, flow, targets.replacement(), pass ? *pass : location_);
        else
            replace_prefix(draft.route, flow, targets.replacement(), pass ? *pass : location_);
        apply_settings(draft.route, settings, location_, targets.host(), *server_.upstreams, notes_);
        if (draft.route.respond.status == 0)  // nothing has closed it meanwhile
            apply_answers(draft.route, settings, default_redirect(draft.route, pass), notes_);
        if (const Directive* check = find_child(location_.children, "health_check"))
            apply_health_check(draft.route, *check, *server_.upstreams, notes_);
        const auto host = draft.route.request_headers.set.find("Host");
        if (targets.hosts_differ() && host != draft.route.request_headers.set.end() &&
            targets.host().starts_with(host->second))
            notes_.changed(pass ? *pass : location_,
                           fmt::format("nginx sends each of its upstreams the Host of its own URL; here all get \"{}\"",
                                       host->second));
        if (pass && !named_ && !path_.exact && !path_.when && path_.text.size() > 1 && path_.text.ends_with('/'))
            add_slash_redirect();
        drafts.push_back(std::move(draft));
    }

    // proxy_pass without variables, in a location that is a path: its URL makes way for the path. An endpoint that is
    // asked for the client's host leads to that one, and to no name of its own.
    DefaultRedirect default_redirect(const Route& route, const Directive* pass) const {
        if (pass == nullptr || path_.when || named_ || pass->name != "proxy_pass") return {};
        const std::string& url = pass->arg(0);
        const auto scheme = url.find("://");
        if (!is_literal(parse_text(url)) || scheme == std::string::npos || !is_plain_path(path_.text)) return {};
        if (url.find("unix:") != std::string::npos) return {};
        const auto path = url.find('/', scheme + 3);
        const auto host = route.request_headers.set.find("Host");
        const bool asked_for_itself =
            host != route.request_headers.set.end() && host->second == url.substr(scheme + 3, path - scheme - 3);
        if (path == std::string::npos) return {url + "/", "/", asked_for_itself};
        return {url, path_.text, asked_for_itself};
    }

    void rewrite_paths(Route& route, const Flow& flow, const std::string& replacement, const Directive& where) {
        for (const PathRewrite& way : flow.rewrites) route.rewrite.push_back({way.matches, way.to});
        if (replacement.empty()) return;
        // A path in proxy_pass says nothing of what was rewritten; the others have their prefix replaced.
        if (path_.when || !is_plain_path(replacement) || path_.text.ends_with('/') != replacement.ends_with('/'))
            return not_carried_over_for(route, where, "a rewrite beside a path in proxy_pass has no counterpart here");
        route.rewrite.push_back({"^" + exact_expression(path_.text) + "(.*)$", replacement + "{1}"});
    }

    void replace_prefix(Route& route, const Flow& flow, const std::string& replacement, const Directive& where) {
        std::string from = path_.text, to = replacement;
        if (to.empty() && flow.prefix_change) {
            from = flow.prefix_change->from;
            to = flow.prefix_change->to.empty() ? "/" : flow.prefix_change->to;
            if (path_.when || !path_.text.starts_with(from) ||
                (path_.text.size() > from.size() && !from.ends_with('/') && path_.text[from.size()] != '/')) {
                const Directive& origin = *flow.prefix_change->origin;
                const auto pattern = re2_expression(origin.arg(0), false);
                const auto way = pattern
                                     ? rewrite_target(parse_text(origin.arg(1)), groups_of(*pattern), Query::appended)
                                     : std::nullopt;
                if (!way)
                    return not_carried_over_for(
                        route, where, "the rewrite of this location replaces a prefix that not all of its paths have");
                route.rewrite = {{*pattern, *way}};
                return;
            }
        }
        if (to.empty() || to == from) return;
        note_joint(flow, replacement, where);
        for (const std::string& path : {to, from})
            if (!is_plain_path(path))
                return not_carried_over_for(route, where, fmt::format("the path \"{}\" has no counterpart", path));
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

    void not_carried_over_for(Route& route, const Directive& where, std::string advice) {
        if (!path_.when) return notes_.lost(where, std::move(advice));
        notes_.lost(where, advice + ": its requests are answered with 501");
        shut(route, not_carried_over());
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
        if (!path_.border.empty() && !path_.exact)
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
    std::optional<StaticFiles> files_;  // that it answers with
    Path path_;
    Guards guards_;
    Formula denied_ = Formula::constant(false);
    const Directive* unheld_ = nullptr;
    std::vector<Guards> doors_;  // all of which a request must pass: the location's, the named location's
    bool named_ = false;         // its proxy_pass stands in a named location
};

}  // namespace

std::vector<Draft> import_location(const Directive& location, const Flow& server_flow, const Settings& around,
                                   const ServerContext& server) {
    auto path = location_path(location, *server.notes);
    if (!path) return {};
    if (path->guessed)
        server.notes->lost(
            location, "this regular expression has no counterpart: requests that it may take are answered with 501");
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
    if (path->guessed)
        for (Draft& draft : import.drafts) {
            draft.route = {};
            draft.route.respond = not_carried_over();
            draft.door.reset();
        }
    return std::move(import.drafts);
}

}  // namespace switchyard::config::nginx
