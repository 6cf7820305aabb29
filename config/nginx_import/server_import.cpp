#include "config/nginx_import/server_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <set>

#include "config/model/expression.h"
#include "config/nginx_import/answer.h"
#include "config/nginx_import/files_import.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/overlays.h"
#include "config/nginx_import/pattern.h"
#include "config/nginx_import/rules.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

bool is_host(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    if (name.empty() || name.ends_with('.') || name.starts_with('.') || name.find("..") != std::string_view::npos)
        return false;
    return std::ranges::all_of(
        name, [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '-' || c == '.' || c == '_'); });
}

// Prefixes are compared without their last slash, as routing does.
std::array<std::string, 3> place(const Match& match) {
    std::string prefix = match.path_prefix;
    while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
    return {match.path_exact, match.path_exact.empty() ? prefix : "", match.path_matches};
}

// Among hosts: an expression, with what kind of name it was in nginx before it.
constexpr char kByExpression = '~', kByMask = '^';

bool is_pattern(std::string_view host) {
    return host.starts_with(kByExpression) || host.starts_with(kByMask);
}

// Whether a host, or one that a mask takes, may be one of the pattern's.
bool may_take(const std::string& pattern, const std::string& host) {
    if (host.starts_with("*.") || is_pattern(host)) return true;
    const auto expression = expression_of(pattern.substr(1));
    return !expression || found_in(*expression, host);
}

// `try_files … @app` of the server itself: what no location takes goes there.
const Directive* try_files_of(const Directive& server) {
    const auto is_root = [](const Directive& d) {
        return d.name == "location" && d.args == std::vector<std::string>{"/"};
    };
    const auto found = std::ranges::find(server.children, "try_files", &Directive::name);
    if (found == server.children.end() || !found->arg(found->args.size() - 1).starts_with('@') ||
        std::ranges::any_of(server.children, is_root))
        return nullptr;
    return &*found;
}

// The server's own folder, where no location takes all paths: what no other takes is looked for there.
const Directive* root_of(const Directive& server) {
    const auto takes_all = [](const Directive& d) {
        return (d.name == "location" && d.args.back() == "/" && d.arg(0) != "=") || d.name == "return";
    };
    const auto found = std::ranges::find(server.children, "root", &Directive::name);
    if (found == server.children.end() || !reads_files(server.children) || try_files_of(server) != nullptr ||
        std::ranges::any_of(server.children, takes_all))
        return nullptr;
    return &*found;
}

std::string escaped_dots(const std::string& name) {
    std::string out;
    for (const char c : name) out += c == '.' ? std::string("\\.") : std::string(1, c);
    return out;
}

// Whether the mask *.suffix takes a host, or all that another mask takes.
bool covers(std::string_view mask, std::string_view host) {
    return mask.starts_with("*.") && host != mask && host.ends_with(mask.substr(1));
}

}  // namespace

bool server_handles(std::string_view name) {
    return name == "listen" || name == "server_name" || name == "location" || name == "set_real_ip_from" ||
           name == "real_ip_header" || Flow::knows(name) || Settings::knows(name) || Guards::knows(name);
}

void Servers::read_names(const Directive& directive, Server& server) {
    for (const std::string& word : directive.args) {
        const std::string name = lower(word);
        if (name == "_") continue;
        std::vector<std::string> hosts{name};
        if (name.starts_with('.')) hosts = {name.substr(1), "*" + name};
        for (const std::string& host : hosts) {
            if (!is_host(host)) {
                // www.example.* is a pattern too; its dots are dots.
                auto pattern = word.starts_with('~') ? re2_expression(word.substr(1), true) : std::nullopt;
                if (host.ends_with(".*") && is_host(host.substr(0, host.size() - 2)))
                    pattern = "^" + escaped_dots(host.substr(0, host.size() - 1)) + "[^/]+$";
                if (pattern)
                    server.patterns.push_back((word.starts_with('~') ? kByExpression : kByMask) + *pattern);
                else
                    notes_.lost(directive,
                                fmt::format("\"{}\": this expression has no counterpart; requests for it go to the "
                                            "default server",
                                            word));
                break;
            }
            if (std::ranges::find(server.hosts, host) == server.hosts.end()) server.hosts.push_back(host);
        }
    }
}

void Servers::choose_defaults(std::vector<Server>& servers) {
    // Per address the one that says so, else the first.
    std::map<std::string, std::size_t> defaults;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (servers[i].left_out) continue;
        for (const std::string& listener : servers[i].listeners) {
            const bool fresh = defaults.emplace(listener, i).second;
            const bool says = std::ranges::any_of(servers[i].listens, [&](const Listen& listen) {
                return listen.is_default && listen.listener == listener;
            });
            if (!fresh && says) defaults[listener] = i;
        }
    }
    for (const auto& [listener, chosen] : defaults) servers[chosen].default_at.insert(listener);
    for (Server& server : servers) {
        const auto shares_a_place = [&](const Server& other) {
            return std::ranges::any_of(server.default_at, [&](const auto& at) { return other.listeners.contains(at); });
        };
        for (const std::string& host : server.hosts) {
            const bool taken = std::ranges::any_of(servers, [&](const Server& other) {
                return &other != &server && !other.left_out && shares_a_place(other) &&
                       std::ranges::any_of(other.hosts, [&](const std::string& mask) { return covers(mask, host); });
            });
            if (taken) server.beside_any.push_back(host);
        }
        // Names and masks come before expressions, of which the first one written decides.
        std::vector<std::string> own = server.hosts;
        own.insert(own.end(), server.patterns.begin(), server.patterns.end());
        for (const std::string& host : own) {
            const bool met = std::ranges::any_of(servers, [&](const Server& other) {
                return &other != &server && !other.left_out && shares_a_place(other) &&
                       std::ranges::any_of(other.patterns,
                                           [&](const auto& pattern) { return may_take(pattern, host); });
            });
            if (met && std::ranges::find(server.beside_any, host) == server.beside_any.end())
                server.beside_any.push_back(host);
        }
    }
}

void Servers::import(const std::vector<const Directive*>& blocks, const Scope& scope, const Settings& http,
                     const Guards& guards, const ServerTls& tls, const std::vector<const Directive*>& real_ip) {
    std::vector<Server> servers;
    for (const Directive* block : blocks) {
        Server server;
        server.block = block;
        server.tls = tls.under(block->children);
        server.carries_tls = server.tls.can_be_carried();
        server.listens = read_listens(*block, server.carries_tls, notes_);
        if (server.carries_tls && server.tls.says_ssl_on())
            for (Listen& listen : server.listens) listen.secure = true;
        server.guards = guards.under(block->children);
        for (const Directive& directive : block->children)
            if (directive.name == "server_name") read_names(directive, server);
        std::vector<const Directive*> trusted = real_ip;
        for (const Directive& directive : block->children)
            if (directive.name == "set_real_ip_from" || directive.name == "real_ip_header")
                trusted.push_back(&directive);
        for (Listen& listen : server.listens) {
            listen.listener = add_listener(model_, listen, http.under(block->children), trusted, notes_);
            server.listeners.insert(listen.listener);
            server.guards.go_by(*std::ranges::find(model_.listeners, listen.listener, &Listener::name));
        }
        if (server.listens.empty()) {
            notes_.lost(*block, "none of its addresses can be listened at: it is left out");
            continue;
        }
        servers.push_back(std::move(server));
    }
    settle_tls(servers);
    take_challenges(servers);
    leave_out_redirects(servers);
    choose_defaults(servers);
    give_certificates(servers);
    ask_clients(servers);
    for (const Server& server : servers)
        if (!server.left_out) import_server(server, scope, http, servers.size() > 1);
    finish();
}

std::vector<Draft> Servers::server_drafts(const Server& server, const Flow& flow, const Settings& settings) {
    std::vector<Draft> drafts;
    const ServerContext context{server.hosts.empty() ? "" : server.hosts.front(),
                                &server.block->children,
                                &upstreams_,
                                &notes_,
                                &settings,
                                server.guards,
                                server.guards};
    if (flow.answer) {
        Draft draft;
        draft.origin = flow.answer;
        draft.name_wish = "/";
        set_answer(draft.route, *flow.answer, settings, context.name, notes_);
        std::set<std::string> taken;
        for (const ConditionalAnswer& before : flow.conditional_answers) {
            Route answer;
            set_answer(answer, *before.answer, settings, context.name, notes_);
            draft.route.rules.push_back({rule_name(before.when, taken), before.when, "", "", answer.respond});
        }
        drafts.push_back(std::move(draft));
        for (const Directive& directive : server.block->children)
            if (directive.name == "location")
                notes_.unneeded(directive,
                                fmt::format("is never reached: the server answers everything by itself (line {})",
                                            flow.answer->line));
        return drafts;
    }
    for (const Directive& directive : server.block->children)
        if (directive.name == "location" && !server.challenges.contains(&directive))
            for (Draft& draft : import_location(directive, flow, settings, context)) drafts.push_back(std::move(draft));
    if (const Directive* files = try_files_of(*server.block)) {
        const auto& root = made_.emplace_back(Directive{"location", {"/"}, true, {*files}, files->file, files->line});
        for (Draft& draft : import_location(root, flow, settings, context)) drafts.push_back(std::move(draft));
    }
    if (const Directive* folder = root_of(*server.block)) {
        std::vector<Directive> inner;
        for (const Directive& directive : server.block->children)
            if (directive.name == "try_files") inner.push_back(directive);
        const auto& root = made_.emplace_back(Directive{"location", {"/"}, true, inner, folder->file, folder->line});
        for (Draft& draft : import_location(root, flow, settings, context)) drafts.push_back(std::move(draft));
    }
    return drafts;
}

void Servers::import_server(const Server& server, const Scope& scope, const Settings& http, bool has_others) {
    const bool tries_files = try_files_of(*server.block) != nullptr;
    const bool has_files = root_of(*server.block) != nullptr ||
                           std::ranges::any_of(server.block->children, [](const Directive& directive) {
                               return directive.name == "location" && reads_files(directive.children);
                           });
    for (const Directive& directive : server.block->children)
        if (!server_handles(directive.name) && !(tries_files && directive.name == "try_files") &&
            !(has_files && is_file_directive(directive.name)) &&
            !(server.carries_tls && ServerTls::knows(directive.name)))
            note_untranslated(directive, notes_);
    Settings settings = http.under(server.block->children);
    settings.scheme = server.scheme();
    Flow flow(scope);
    flow.server = &server.block->children;
    // Where TLS ends in front of Switchyard nothing is known of it.
    const auto secure = std::ranges::count_if(server.listens, &Listen::secure);
    if (!server.speaks_tls() && (secure == 0 || secure == std::ssize(server.listens))) {
        flow.scope.set("scheme", {{false, secure == 0 ? "http" : "https"}});
        flow.scope.set("https", secure == 0 ? Text{} : Text{{false, "on"}});
    }
    flow.walk(server.block->children, notes_);

    if (flow.prefix_change) {
        notes_.lost(*flow.prefix_change->origin,
                    "nginx rewrites before it looks for a location: put this into the locations that it leads to");
        flow.prefix_change.reset();
    }
    for (const PathRewrite& way : flow.rewrites)
        notes_.lost(*way.origin,
                    "nginx rewrites before it looks for a location: put this into the locations that it leads to");
    flow.rewrites.clear();
    const std::vector<Draft> redirects = redirects_of(server, flow, settings);
    flow.part_redirects.clear();

    std::vector<std::string> hosts = server.hosts, beside_any = server.beside_any;
    hosts.insert(hosts.end(), server.patterns.begin(), server.patterns.end());
    for (const PartialAnswer& partial : flow.partial_answers) {
        if (partial.hosts.empty()) continue;
        Draft draft;
        draft.origin = partial.answer;
        draft.name_wish = "/";
        set_answer(draft.route, *partial.answer, settings, hosts.empty() ? "" : hosts.front(), notes_);
        std::vector<std::string> answered;
        for (const auto& host : partial.hosts) {
            if (is_host(lower(host)))
                answered.push_back(lower(host));
            else
                notes_.lost(*partial.answer, fmt::format("\"{}\" is no host name", host));
        }
        if (!answered.empty()) take(draft, answered, server.listeners);
        const auto is_answered = [&](const std::string& host) {
            return std::ranges::find(answered, host) != answered.end();
        };
        std::erase_if(hosts, is_answered);
        std::erase_if(beside_any, is_answered);
    }
    const bool everywhere = server.default_at == server.listeners;
    if (everywhere && has_others && !server.hosts.empty())
        notes_.unneeded(*server.block, fmt::format("is the default server: its routes take any host, {} among them",
                                                   server.hosts.front()));
    if (server.default_at.empty() && hosts.empty()) {
        if (server.hosts.empty())
            notes_.lost(*server.block,
                        "has no host of its own, and another server is the default: it gets no requests");
        return;
    }
    std::vector<Draft> drafts = server_drafts(server, flow, settings);
    const bool has_root = std::ranges::any_of(drafts, [](const Draft& draft) {
        const Match& match = draft.route.match;
        return !draft.when && match.path_exact.empty() && match.path_matches.empty() && match.path_prefix == "/";
    });
    const bool has_overlay =
        std::ranges::any_of(drafts, [](const Draft& draft) { return draft.when.has_value() && draft.border.empty(); });
    if (!has_root && (!everywhere || has_overlay)) {
        // Otherwise paths without a location would go on to the default server.
        Draft draft;
        draft.origin = server.block;
        draft.name_wish = "/";
        draft.route.respond = {404, "Not found.\n", Respond{}.content_type};
        notes_.changed(*server.block, "paths without a location get 404; nginx would look for files");
        drafts.push_back(std::move(draft));
    }
    lay_over(drafts, notes_);
    drafts.insert(drafts.begin(), redirects.begin(), redirects.end());
    for (Draft& draft : drafts) {
        if (draft.name_wish == "/") draft.name_wish.clear();
        draft.name_wish = (server.hosts.empty() ? "default" : server.hosts.front()) + draft.name_wish;
        take_at_its_places(server, draft, hosts, beside_any);
    }
}

std::vector<Draft> Servers::redirects_of(const Server& server, const Flow& flow, const Settings& settings) {
    std::vector<Draft> out;
    for (const PartRedirect& redirect : flow.part_redirects) {
        // Exact paths, and what ^~ takes, would be asked first here.
        const auto expression = expression_of(redirect.matches);
        const auto stands_before = [&](const Directive& directive) {
            if (directive.name != "location") return false;
            const bool exact = directive.arg(0).starts_with('=');
            return directive.arg(0).starts_with("^~") ||
                   (exact && (!expression || found_in(*expression, directive.args.back())));
        };
        if (std::ranges::any_of(server.block->children, stands_before) || !flow.conditional_answers.empty() ||
            !flow.partial_answers.empty() || flow.closing != nullptr) {
            notes_.lost(*redirect.answer,
                        "nginx redirects before it looks for a location: put this into the locations that it leads to");
            continue;
        }
        Draft& draft = out.emplace_back();
        draft.origin = redirect.answer;
        draft.name_wish = "-" + redirect.matches;
        draft.route.match.path_matches = redirect.matches;
        draft.route.match.before_prefixes = true;
        set_answer(draft.route, *redirect.answer, settings, server.hosts.empty() ? "" : server.hosts.front(), notes_,
                   std::max(1U, groups_of(redirect.matches)));
        apply_fixed_headers(draft.route, settings, notes_);
    }
    return out;
}

void Servers::take_at_its_places(const Server& server, const Draft& draft, const std::vector<std::string>& hosts,
                                 const std::vector<std::string>& beside_any) {
    if (!server.default_at.empty()) {
        if (!beside_any.empty()) take(draft, beside_any, server.default_at);
        take(draft, {""}, server.default_at);
    }
    std::set<std::string> elsewhere;
    for (const std::string& listener : server.listeners)
        if (!server.default_at.contains(listener)) elsewhere.insert(listener);
    if (!hosts.empty() && !elsewhere.empty()) take(draft, hosts, elsewhere);
}

// Of these listeners those where no route has the same place. A redirect to https gives way to what is served there.
std::set<std::string> Servers::still_free(const Draft& draft, const std::string& host,
                                          std::set<std::string> listeners) {
    for (std::size_t i = 0; i < taken_.size(); ++i) {
        Taken& other = taken_[i];
        const Match &a = other.draft.route.match, &b = draft.route.match;
        if (std::ranges::find(other.hosts, host) == other.hosts.end() || place(a) != place(b) || a.methods != b.methods)
            continue;
        std::set<std::string> shared;
        std::ranges::set_intersection(other.listeners, listeners, std::inserter(shared, shared.end()));
        if (shared.empty()) continue;
        const bool old_redirects = redirects_to_https(other.draft.route),
                   new_redirects = redirects_to_https(draft.route);
        if (old_redirects && !new_redirects) {
            notes_.changed(*other.draft.origin,
                           "redirects to https what another server of the same host serves: the redirect is left out; "
                           "do it where TLS is terminated");
            // The other stays where they do not meet.
            Taken rest = other;
            for (const std::string& listener : shared) rest.listeners.erase(listener);
            rest.hosts = {host};
            std::erase(other.hosts, host);
            if (!rest.listeners.empty()) taken_.push_back(std::move(rest));
            continue;
        }
        if (new_redirects && !old_redirects)
            notes_.changed(
                *draft.origin,
                "redirects to https what another server of the same host serves; the redirect is left out: do it "
                "where TLS is terminated");
        else if (!(draft.route == other.draft.route))
            notes_.lost(*draft.origin, fmt::format("the same address, host and path as {}:{}, which is used",
                                                   other.draft.origin->file, other.draft.origin->line));
        for (const std::string& listener : shared) listeners.erase(listener);
    }
    return listeners;
}

void Servers::take(const Draft& draft, const std::vector<std::string>& hosts, const std::set<std::string>& listeners) {
    // Hosts that are free at the same listeners are one route.
    std::vector<std::pair<std::set<std::string>, std::vector<std::string>>> free;
    for (const auto& host : hosts) {
        const auto at = still_free(draft, host, listeners);
        if (at.empty()) continue;
        const auto same = std::ranges::find_if(free, [&](const auto& group) {
            return group.first == at && !is_pattern(group.second.front()) && !is_pattern(host);
        });
        if (same == free.end())
            free.push_back({at, {host}});
        else
            same->second.push_back(host);
    }
    for (auto& [at, names] : free) taken_.push_back({draft, std::move(names), at});
}

void Servers::finish() {
    // nginx asks www.example.* before expressions, which are asked as they are written.
    std::ranges::stable_sort(taken_, {}, [](const Taken& taken) {
        return !taken.hosts.empty() && taken.hosts.front().starts_with(kByExpression);
    });
    std::set<std::string> names;
    for (Taken& taken : taken_) {
        if (taken.hosts.empty()) continue;
        Route& route = taken.draft.route;
        std::string wish = taken.draft.name_wish;
        if (wish == "/" || wish.empty()) wish = taken.hosts.front().empty() ? "default" : taken.hosts.front();
        route.name = fresh_name(wish, names);
        if (is_pattern(taken.hosts.front()))
            route.match.host_matches = taken.hosts.front().substr(1);
        else if (!taken.hosts.front().empty())
            route.match.hosts = taken.hosts;
        if (const auto& door = taken.draft.door;
            door && !route.rules.empty() && route.rules.front().deny != 0 && route.rules.front().when == door->when) {
            route.access = door->access;
            route.rules.erase(route.rules.begin());
        }
        if (taken.listeners.size() < model_.listeners.size())
            route.match.listeners.assign(taken.listeners.begin(), taken.listeners.end());
        model_.routes.push_back(std::move(route));
    }
}

}  // namespace switchyard::config::nginx
