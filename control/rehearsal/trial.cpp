#include "control/rehearsal/trial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "config/model.h"
#include "control/certificates/certificates.h"
#include "control/core/adoption.h"
#include "control/net/http_client.h"
#include "proxy/http/proxy_protocol.h"
#include "proxy/net/descriptor.h"
#include "proxy/net/tls_outward.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/worker_pool.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{10};
const std::string kSilent = fmt::format("it has not answered within {} s", kMost.count());
// No client asks for this host: the request is answered by the worker itself.
constexpr std::string_view kHost = "rehearsal.switchyard.invalid";

std::string own_name(const config::Model& model) {
    std::string out = "rehearsal";
    const auto taken = [&](const config::Route& route) { return route.name == out; };
    while (std::any_of(model.routes.begin(), model.routes.end(), taken)) out += "-";
    return out;
}

// The paths go by the descriptor of the folder: a socket's path is short.
std::shared_ptr<const config::Model> private_model(config::Model model, int folder) {
    config::Route route;
    route.name = own_name(model);
    route.match.hosts = {std::string(kHost)};
    route.respond.status = 200;
    model.routes.push_back(std::move(route));
    std::size_t number = 0;
    for (auto& listener : model.listeners) {
        // It is tried by a peer that no configuration names.
        listener.proxy_protocol_from.clear();
        listener.proxy_protocol_optional = false;
        listener.proxy_protocol_others = config::Listener{}.proxy_protocol_others;
        listener.bind = {config::Address::Kind::unix_path, fmt::format("/proc/self/fd/{}/{}.sock", folder, number++),
                         0};
        if (!listener.tls) continue;
        listener.tls->strict_sni = false;
        listener.tls->client = {};
        listener.tls->hosts.clear();
    }
    return std::make_shared<const config::Model>(std::move(model));
}

bool speaks_http1(const config::Listener& listener) {
    const auto& all = listener.protocols;
    return all.empty() || std::ranges::find(all, config::kHttp1) != all.end();
}

class Trial {
  public:
    explicit Trial(const TrialOrder& order) : order_(order), registry_(order.workers), adoption_(order.workers) {}
    ~Trial() {
        if (pool_) pool_->stop();
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    Result<TrialSight> run(const std::shared_ptr<const config::Model>& model) {
        excuse_certificates(*model, registry_.certificates());
        auto compiled = compile(model, order_.generation, registry_, order_.known, order_.led);
        if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
        snapshot_ = std::move(compiled.snapshot);
        registry_.published(*snapshot_);
        begin_workers();
        checks_ = std::make_unique<Checks>(*model, order_.known, *snapshot_, order_.up);
        checks_->begin(io_.get_executor());
        for (const auto& listener : model->listeners) {
            sight_.listeners[listener.name] = kSilent;
            if (auto begun = begin_asking(listener); !begun) return begun.error();
        }
        until_ = steady_clock::now() + kMost;
        arm();
        io_.run();
        return sight_;
    }

  private:
    void begin_workers() {
        WorkerPool::Events events;
        events.adopted = [this](unsigned worker, std::uint64_t generation, std::vector<InFlight>) {
            adoption_.adopted(worker, generation);
        };
        events.retired = [](unsigned, std::uint64_t, bool) {};
        events.suspect = [](upstream::Suspect) {};
        pool_ = std::make_unique<WorkerPool>(order_.workers, io_.get_executor(), std::move(events));
        pool_->start(snapshot_);
    }

    Result<void> begin_asking(const config::Listener& listener) {
        net::EndpointWay way;
        way.to = listener.bind;
        if (listener.proxy_protocol) way.preface = switchyard::http::own_proxy_header(1);
        way.protocol = speaks_http1(listener) ? config::EndpointProtocol::http1 : config::EndpointProtocol::http2;
        if (listener.tls) {
            std::string why;
            way.tls = switchyard::net::OutwardTls::make({}, &why);
            if (!way.tls) return problems::internal("listener " + listener.name + " cannot be tried: " + why);
            way.sessions = std::make_shared<switchyard::net::TlsSessions>();
            way.name = kHost;
        }
        callers_.push_back(std::make_unique<net::HttpClient>(
            io_.get_executor(), net::HttpServer{"http://" + std::string(kHost), {}, std::move(way)}));
        net::HttpCall call;
        call.headers.emplace_back("Connection", "close");
        call.limit = kMost;
        call.until = net::HttpCall::Until::head;
        callers_.back()->ask(std::move(call), [this, name = listener.name](const net::HttpAnswer& answer) {
            heard(sight_.listeners[name], answer);
        });
        return {};
    }

    // Its access list or a redirection may speak before the route does.
    void heard(std::string& trouble, const net::HttpAnswer& answer) {
        trouble = answer.error;
        if (trouble.empty() && answer.status >= 500) trouble = fmt::format("answered {}", answer.status);
        if (!trouble.empty()) io_.stop();
    }

    void arm() {
        timer_.expires_after(kLook);
        timer_.async_wait([this](boost::system::error_code) {
            look();
            const bool fine = sight_.all_checked && verdict_of(sight_, order_.up);
            if (fine || steady_clock::now() >= until_) return io_.stop();
            arm();
        });
    }

    void look() {
        sight_.behind = adoption_.behind(order_.generation);
        sight_.all_checked = checks_->all_checked();
        const bool answered =
            std::ranges::all_of(sight_.listeners, [](const auto& each) { return each.second.empty(); });
        if (sight_.all_checked && sight_.behind.empty() && answered && !std::exchange(only_endpoints_left_, true))
            until_ = std::min(until_, steady_clock::now() + kPatience);
        sight_.up = checks_->up();
        sight_.down = checks_->down();
        sight_.unknown = checks_->unknown();
    }

    const TrialOrder& order_;
    std::unique_ptr<Checks> checks_;  // outlives its coroutines
    asio::io_context io_{1};
    Registry registry_;
    Adoption adoption_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::unique_ptr<WorkerPool> pool_;
    std::vector<std::unique_ptr<net::HttpClient>> callers_;
    asio::steady_timer timer_{io_};
    steady_clock::time_point until_{};
    bool only_endpoints_left_ = false;
    TrialSight sight_;
};

}  // namespace

Result<void> verdict_of(const TrialSight& sight, const EndpointNames& up_before) {
    const auto unanswered = [](const std::string& listener, const std::string& trouble) {
        return problems::conflict(
            fmt::format("listener {} does not answer a request of this version: {}; change its settings so that both "
                        "versions take them, or stay",
                        listener, trouble));
    };
    for (const auto& [listener, trouble] : sight.listeners)
        if (!trouble.empty() && trouble != kSilent) return unanswered(listener, trouble);
    if (!sight.behind.empty())
        return problems::internal(
            fmt::format("its workers {} have not begun to route within {} s: the machine has no time or memory for a "
                        "second process; try again when there is some",
                        fmt::join(sight.behind, ", "), kMost.count()));
    for (const auto& [listener, trouble] : sight.listeners)
        if (!trouble.empty()) return unanswered(listener, trouble);
    std::map<std::string, std::string> lacking;  // by upstream, what is wrong with its endpoints
    std::set<std::string> found;
    for (const auto& [upstream, endpoint] : sight.up) found.insert(upstream);
    for (const auto& key : up_before) {
        if (found.contains(key.first)) continue;
        if (const auto down = sight.down.find(key); down != sight.down.end())
            lacking[key.first] += fmt::format("; {}: {}", key.second, down->second);
        else if (sight.unknown.contains(key))
            lacking[key.first] += fmt::format("; {}: {}", key.second, kSilent);
    }
    if (lacking.empty()) return {};
    const auto& [upstream, why] = *lacking.begin();
    return problems::conflict(
        fmt::format("no endpoint of upstream {} passes a check of this version, and some pass the running one's{}. "
                    "If they have just gone down, try again when they are back; else look at what this version lacks "
                    "to reach them (authorities, names, rights)",
                    upstream, why));
}

Result<TrialSight> try_out(const config::Model& model, const TrialOrder& order) {
    const switchyard::net::Descriptor folder(::open(order.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open())
        return problems::internal(order.folder + " cannot be opened: listeners cannot be tried without it");
    Trial trial(order);
    auto sight = trial.run(private_model(model, folder.get()));
    if (!sight) return sight.error();
    if (auto fine = verdict_of(*sight, order.up); !fine) return fine.error();
    return sight;
}

}  // namespace switchyard::control
