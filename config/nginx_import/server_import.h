// `server` blocks → listeners and routes.
//
// nginx chooses the server by address and host first, then the location; a route has listeners, host and path at once.
// Threads: one import, one thread.
#pragma once

#include <filesystem>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/forward.h"
#include "config/nginx_import/listen.h"
#include "config/nginx_import/location_import.h"
#include "config/nginx_import/tls_import.h"

namespace switchyard::config::nginx {

// Directives of a server that have their own place in the import.
bool server_handles(std::string_view name);

class Servers {
  public:
    // `folder`: where nginx looks for files without a path.
    Servers(Model& model, Upstreams& upstreams, Notes& notes, std::filesystem::path folder)
        : model_(model), upstreams_(upstreams), notes_(notes), folder_(std::move(folder)) {}

    // All server blocks of the http block, in order.
    void import(const std::vector<const Directive*>& blocks, const Scope& scope, const Settings& http,
                const Guards& guards, const ServerTls& tls, const std::vector<const Directive*>& real_ip);
    // Some server's TLS is carried over.
    bool secure() const { return secure_; }

  private:
    struct Server {
        const Directive* block;
        std::vector<Listen> listens;
        std::set<std::string> listeners;   // their names
        std::set<std::string> default_at;  // of these: where it takes any host
        std::vector<std::string> hosts;
        std::vector<std::string> beside_any;  // its names that a mask of another server would take from it
        std::vector<std::string> patterns;    // its names that are expressions, each with its kind before it
        Guards guards;
        ServerTls tls;
        bool carries_tls = false;
        bool left_out = false;
        std::set<const Directive*> challenges;  // locations that its listeners stand for

        // Which is terminated in front.
        bool speaks_tls() const;
        std::string scheme() const;
    };

    // An address speaks TLS or does not, whichever of its servers says so.
    void settle_tls(std::vector<Server>& servers);
    void give_certificates(const std::vector<Server>& servers);
    // Who is let in by certificate is carried over where each name has its own listener's or host's entry.
    void ask_clients(std::vector<Server>& servers);
    void read_names(const Directive& directive, Server& server);
    // Which of its locations serve them, and out of what: that is their listeners' now.
    void take_challenges(std::vector<Server>& servers);
    // A server that only redirects to https has nothing to do where TLS is terminated before Switchyard.
    void leave_out_redirects(std::vector<Server>& servers);
    static void choose_defaults(std::vector<Server>& servers);
    void import_server(const Server& server, const Scope& scope, const Settings& http, bool others_take_any);
    // `rewrite` of the server that redirects some paths, which nginx asks before any location.
    std::vector<Draft> redirects_of(const Server& server, const Flow& flow, const Settings& settings);
    void note_left_out(const Server& server);
    std::vector<Draft> server_drafts(const Server& server, const Flow& flow, const Settings& settings);
    // At these listeners, for those hosts.
    void take(const Draft& draft, const std::vector<std::string>& hosts, const std::set<std::string>& listeners);
    void take_at_its_places(const Server& server, const Draft& draft, const std::vector<std::string>& hosts,
                            const std::vector<std::string>& beside_any);
    std::set<std::string> still_free(const Draft& draft, const std::string& host, std::set<std::string> listeners);
    void finish();

    struct Taken {
        Draft draft;
        std::vector<std::string> hosts;  // one empty text: any
        std::set<std::string> listeners;
    };

    Model& model_;
    Upstreams& upstreams_;
    Notes& notes_;
    const std::filesystem::path folder_;
    bool secure_ = false;
    std::vector<Taken> taken_;
    std::list<Directive> made_;  // locations that nginx has no need to write out
};

}  // namespace switchyard::config::nginx
