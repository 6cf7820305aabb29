// What a Control holds: for the files that implement it.
//
// control_start.cpp begins it, control_wiring.cpp ties its parts together, control.cpp is what it does while it runs.
// Threads: control; the store's thread and the workers have their own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "control/acme/acme.h"
#include "control/admin/server/server.h"
#include "control/certificates/certificates.h"
#include "control/control.h"
#include "control/core/aside.h"
#include "control/core/config_file.h"
#include "control/core/controller.h"
#include "control/discovery/runner/discovery.h"
#include "control/file_watch.h"
#include "control/names/names.h"
#include "control/opened_releases.h"
#include "control/opened_state.h"
#include "control/rollout/runner/journal_desk.h"
#include "control/rollout/runner/rollouts.h"
#include "control/service.h"
#include "control/store/store_thread.h"
#include "proxy/worker_pool.h"

namespace switchyard::control {

struct Control::Members {
    Service service{net::NotifySocket::of_environment()};  // outlives what waits in io
    boost::asio::io_context io{1};
    const ConfigPlace place;
    const std::string config_file;  // its name
    std::unique_ptr<StateDir> state_dir;
    StoreThread store;
    std::unique_ptr<Store> reader;  // of the same file: control's own
    Aside aside{io.get_executor()};
    Kept kept;
    const unsigned workers;
    Registry registry;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Controller> controller;
    rollout::JournalDesk journals;
    std::unique_ptr<Names> names;
    std::unique_ptr<discovery::Discovery> discovery;
    std::unique_ptr<HealthChecker> health;
    std::unique_ptr<Ejection> ejection;
    std::unique_ptr<Certificates> certificates;
    std::unique_ptr<acme::Acme> acme;
    Totals totals;
    Series series;
    std::unique_ptr<rollout::Rollouts> rollouts;
    std::unique_ptr<release::Releases> releases;
    LedRoutes led;
    bool restored = false;  // the rollouts of before are known
    std::unique_ptr<Context> context;
    std::unique_ptr<AdminServer> admin;
    std::vector<std::unique_ptr<FileWatch>> file_watches;
    std::chrono::steady_clock::time_point next_forgetting{};
    boost::asio::steady_timer collect_timer{io};
    boost::asio::signal_set signals{io};
    bool ending = false;
    bool disk_hangs = false;  // and that was said
    bool settled = false;     // see look_whether_settled()

    Members(ConfigPlace place_, OpenedState opened, unsigned workers_);

    Result<void> build_names(const config::Resolver& settings);
    Result<void> build_discovery(const config::Process& process);
    discovery::Vital vital(const std::string& upstream, const config::Address& address) const;
    // Whether every endpoint was checked once and every name and source asked: true for ever after, so that a new
    // endpoint, or a name that goes away, does not take the whole proxy out of its balancer.
    bool look_whether_settled();
    void build_core();
    void add_certificate_ports(Controller::Ports& ports);
    void build_certificates();
    void build_acme();
    void went_down(const std::string& upstream, const std::string& address);
    void build_rollouts();
    void look_who_leads();
    // The service's manager learns when traffic may come.
    void look_whether_ready();
    // On the sockets of the first generation; passed ones that no listener asked for are closed.
    void begin_listening();
    void follow_rollouts();
    // The same configuration may find other secrets where it refers to some.
    void follow_secrets();
    void make_again(const char* otherwise);
    void hand_to_workers(std::shared_ptr<const Snapshot> next);
    // Compiled and made the controller's, not yet stored.
    Result<void> begin(const Beginning& from);
    Result<void> store_beginning(const Beginning& from, const std::string& file_hash);
    Result<void> open_admin(const config::Admin& settings, std::vector<std::string> notices);
    void say_beginning(const Beginning& from, const std::string& file_hash);
    void file_refused(const Problem& problem, const std::string& hash);
    // No caller waits for it to be durable; that it failed is said in the log.
    void keep(StoreWriter::Write write);
    void collect();
    void release();
    void forget_what_is_gone();
    void look_at_disk();
    void arm_collect();
    void await_signal();
    // `told`, as Service::reloading() gives it, lives until the file is taken or refused.
    using Told = std::shared_ptr<const void>;
    void reload(const std::string& why, const Told& told = {});
    void take_file(config::Model file, const LayeredFile& from, const std::string& why, const Told& told);
    void end();
};

}  // namespace switchyard::control
