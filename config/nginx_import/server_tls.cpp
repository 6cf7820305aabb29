// What of servers is about TLS: certificates, who is asked for one, and redirects to https that would go in a circle.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/nginx_import/known.h"
#include "config/nginx_import/server_import.h"

namespace switchyard::config::nginx {

namespace {

// A block whose requests are all redirected to https, by itself or in its location /.
bool redirects_to_tls(const std::vector<Directive>& block) {
    return std::ranges::any_of(block, [](const Directive& directive) {
        if (directive.name == "location") return directive.arg(0) == "/" && redirects_to_tls(directive.children);
        const std::string& to = directive.args.empty()        ? directive.arg(0)
                                : directive.name == "rewrite" ? directive.arg(1)
                                                              : directive.args.back();
        return (directive.name == "return" || directive.name == "rewrite") && to.starts_with("https://");
    });
}

bool proxies_somewhere(const std::vector<Directive>& block) {
    return std::ranges::any_of(block, [](const Directive& directive) {
        return is_pass(directive.name) || proxies_somewhere(directive.children);
    });
}

}  // namespace

bool Servers::Server::speaks_tls() const {
    return std::ranges::any_of(listens, &Listen::tls);
}

std::string Servers::Server::scheme() const {
    return !listens.empty() && std::ranges::all_of(listens, &Listen::secure) ? "https" : "http";
}

void Servers::settle_tls(std::vector<Server>& servers) {
    std::set<std::string> secure;
    for (const Server& server : servers)
        for (const Listen& listen : server.listens)
            if (listen.secure) secure.insert(listen.listener);
    for (Server& server : servers)
        for (Listen& listen : server.listens)
            if (secure.contains(listen.listener)) {
                listen.secure = true;
                listen.tls = false;
            }
    secure_ = !secure.empty();
}

void Servers::give_certificates(const std::vector<Server>& servers) {
    for (const Server& server : servers) {
        if (!server.carries_tls) continue;
        bool used = false;
        for (const Listen& listen : server.listens) {
            if (!listen.secure) continue;
            used = true;
            auto& listener = *std::ranges::find(model_.listeners, listen.listener, &Listener::name);
            server.tls.into(model_, listener, server.default_at.contains(listen.listener),
                            server.hosts.empty() ? "default" : server.hosts.front(), folder_);
        }
        if (used) server.tls.note(notes_);
    }
}

void Servers::ask_clients(std::vector<Server>& servers) {
    std::set<std::string> asked;  // listeners
    for (Listener& listener : model_.listeners) {
        if (!listener.tls) continue;
        std::vector<Server*> here;
        for (Server& server : servers)
            if (server.listeners.contains(listener.name)) here.push_back(&server);
        const auto is_default = [&](const Server* server) { return server->default_at.contains(listener.name); };
        std::ranges::stable_partition(here, is_default);
        // A mask stands for more names in nginx, a pattern for names that cannot be listed, and at an address in clear
        // no certificate is asked for: what such a server guards stays closed.
        const bool all = std::ranges::all_of(here, [&](const Server* server) {
            const auto client = server->tls.client(folder_);
            return client && (client->mode == "none" || server->scheme() == "https") &&
                   (is_default(server) ||
                    (server->patterns.empty() && std::ranges::none_of(server->hosts, [](const std::string& host) {
                         return host.starts_with("*.");
                     })));
        });
        if (!all || here.empty() || !is_default(here.front())) continue;
        for (Server* server : here) {
            const auto client = *server->tls.client(folder_);
            if (is_default(server))
                listener.tls->client = client;
            else if (!(client == listener.tls->client))
                for (const auto& host : server->hosts) listener.tls->hosts[host].client = client;
        }
        asked.insert(listener.name);
    }
    for (Server& server : servers)
        if (std::ranges::all_of(server.listeners, [&](const auto& at) { return asked.contains(at); }))
            server.guards.certificates_are_carried();
}

void Servers::leave_out_redirects(std::vector<Server>& servers) {
    for (Server& server : servers) {
        if (server.speaks_tls() || !redirects_to_tls(server.block->children) ||
            proxies_somewhere(server.block->children))
            continue;
        const auto serves = [](const Server& other, const std::string& host) {
            return other.speaks_tls() && !other.left_out &&
                   (other.hosts.empty() || std::ranges::find(other.hosts, host) != other.hosts.end());
        };
        const auto served = [&](const std::string& host) {
            return std::ranges::any_of(servers, [&](const Server& other) { return serves(other, host); });
        };
        const std::size_t named = server.hosts.size();
        // What is terminated before Switchyard may come in at either port.
        for (Server& other : servers)
            if (other.speaks_tls() && (named == 0 || std::ranges::any_of(server.hosts, [&](const std::string& host) {
                                           return serves(other, host);
                                       })))
                other.listeners.insert(server.listeners.begin(), server.listeners.end());
        std::erase_if(server.hosts, served);
        const bool all_hosts = named == 0 && std::ranges::any_of(servers, &Server::speaks_tls);
        server.left_out = all_hosts || (named > 0 && server.hosts.empty());
        if (server.left_out || server.hosts.size() < named)
            notes_.changed(
                *server.block,
                "redirects to https what other servers serve by TLS. TLS is terminated before Switchyard, which "
                "would redirect for ever: the redirect is left out, do it where TLS is terminated");
        if (server.left_out) note_left_out(server);
    }
}

void Servers::note_left_out(const Server& server) {
    for (const Directive& directive : server.block->children) {
        if (server.challenges.contains(&directive)) continue;
        if (directive.name == "location") {
            if (!redirects_to_tls({directive}) && !redirects_to_tls(directive.children))
                notes_.lost(directive,
                            "stands beside a redirect to https that is left out: its requests go where the server "
                            "that speaks TLS leads them; add a route for it");
        } else if (!server_handles(directive.name)) {
            note_untranslated(directive, notes_);
        }
    }
}

}  // namespace switchyard::config::nginx
