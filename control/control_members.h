// What a Control holds: for the files that implement it.
//
// control_start.cpp begins it, control_wiring.cpp, control_core.cpp, control_names.cpp, control_discovery.cpp,
// control_rollouts.cpp and control_acme.cpp tie its parts together, control.cpp is what it does while it runs,
// control_upgrade.cpp and control_upgrade_doors.cpp how another process takes its place, and control_counts.cpp what
// crosses then of what was counted. Threads: control; the store's thread and the workers have their own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/acme/acme.h"
#include "control/admin/server/server.h"
#include "control/certificates/certificates.h"
#include "control/control.h"
#include "control/control_upgrade.h"
#include "control/core/aside.h"
#include "control/core/config_file.h"
#include "control/core/controller.h"
#include "control/discovery/runner/discovery.h"
#include "control/file_watch.h"
#include "control/holds.h"
#include "control/names/names.h"
#include "control/opened_releases.h"
#include "control/opened_state.h"
#include "control/pages/pages.h"
#include "control/rollout/runner/journal_desk.h"
#include "control/rollout/runner/rollouts.h"
#include "control/service.h"
#include "control/store/store_thread.h"
#include "control/upgrade/predecessors.h"
#include "control/upgrade/report_wire.h"
#include "control/upgrade/succession.h"
#include "control/upgrade/upgrade_socket.h"
#include "proxy/snapshot/counts_elsewhere.h"
#include "proxy/snapshot/held_upstreams.h"
#include "proxy/worker_pool.h"

namespace switchyard::control {

struct Control::Members {
    // What the controller drives, and what rollouts reach control by; in control_core.cpp and control_rollouts.cpp.
    struct CoreDoors final : DataPlane, NamedFiles {
        explicit CoreDoors(Members& members) : m(members) {}
        CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation) override;
        void publish(std::shared_ptr<const Snapshot> snapshot) override;
        void follow(const config::Model& model) override;
        Facts facts(const config::Model& model) const override;
        std::uint32_t upstream_id(const std::string& name) const override;
        void cut(std::uint64_t before, const std::set<std::uint32_t>& upstreams) override;
        void read_first(const config::Model& model, std::function<void()> then) override;
        std::vector<std::string> fit_for_return(config::Model& earlier, const config::Model& now) override;
        void return_over() override;
        Members& m;
    };
    struct RolloutDoors final : rollout::Clock,
                                rollout::Workers,
                                rollout::World,
                                rollout::Steering,
                                rollout::Journals,
                                rollout::Outside {
        explicit RolloutDoors(Members& members) : m(members) {}
        rollout::Monotonic now() const override;
        std::string timestamp() const override;
        std::string time_of_day(rollout::Duration ahead) const override;
        unsigned count() const override;
        void collect() override;
        bool adopted(std::uint64_t generation) const override;
        void note_marks(const std::string& route, const std::optional<MarkLimits>& limits) override;
        std::uint32_t route_id(const std::string& name) const override;
        std::uint32_t upstream_id(const std::string& name) const override;
        std::optional<std::pair<std::string, std::string>> endpoint(std::uint32_t id) const override;
        bool usable(const std::string& upstream) const override;
        rollout::UpstreamHealth health(const std::string& upstream) const override;
        const config::Model& model() const override;
        void change(Change change, Answered done) override;
        void led() override;
        void keep(const std::string& id, const std::string& text, Kept done) override;
        void forget(const std::vector<std::string>& ids, Kept done) override;
        void event(nlohmann::ordered_json body) override;
        void call(const rollout::HttpAsk& ask, rollout::HttpDone done) override;
        Members& m;
    };

    // What names, certificates, what asks for them, and discovered endpoints reach control by: in control_names.cpp,
    // control_core.cpp, control_acme.cpp and control_discovery.cpp.
    struct NameDoors final : NamesInForce, AddressReaders {
        explicit NameDoors(Members& members) : m(members) {}
        const config::Model& model() const override;
        std::uint64_t published() const override;
        bool usable(const std::string& upstream, const std::string& member) const override;
        void follow(const KnownAddresses& known) override;
        void publish(const KnownAddresses& known) override;
        void keep(const AddressRows& rows) override;
        void tell(const AddressBook::News& news) override;
        Members& m;
    };
    struct CertificateDoors final : ShownGeneration, CertificateClock {
        explicit CertificateDoors(Members& members) : m(members) {}
        const config::Model& model() const override;
        std::uint64_t generation() const override;
        void publish() override;
        void everywhere(std::function<void()> then) override;
        void keep(const AuditEntry& entry) override;
        std::int64_t now() const override;
        std::int64_t steady() const override;
        std::string timestamp() const override;
        Members& m;
    };
    struct AcmeDoors final : acme::Answerers, acme::InForce {
        explicit AcmeDoors(Members& members) : m(members) {}
        bool publish(std::shared_ptr<const switchyard::net::ChallengeBook> book) override;
        void everywhere(std::function<void()> then) override;
        const config::Model& model() const override;
        switchyard::net::TlsBook::Identity identity(const std::string& name) const override;
        void look(std::function<void(bool)> done) override;
        std::int64_t now() const override;
        Members& m;
    };
    struct DiscoveryDoors final : discovery::EndpointHealth, discovery::RollReaders, discovery::Sources {
        explicit DiscoveryDoors(Members& members) : m(members) {}
        discovery::Vital vital(const std::string& upstream, const config::Address& address) const override;
        bool others(const std::string& upstream) const override;
        void found(const std::string& upstream, std::vector<config::Endpoint> endpoints) override;
        void keep(const discovery::Rows& rows) override;
        void tell(const std::string& upstream, const discovery::Sight& sight,
                  const discovery::Roll::News& news) override;
        std::unique_ptr<discovery::EndpointSource> source(const config::Discover& discover,
                                                          const config::Discovery& rules) override;
        Members& m;
        std::optional<discovery::Surroundings> around;  // of the sources; settled when it is built
    };

    // How another process takes this one's place, and what processes of before say; in control_upgrade_doors.cpp.
    struct UpgradeDoors final : upgrade::Account,
                                upgrade::Takeover,
                                upgrade::Launch,
                                upgrade::Handover,
                                upgrade::Following {
        explicit UpgradeDoors(Members& members) : m(members) {}
        unsigned joined(bool counts, std::uint64_t adopted) override;
        void adopted(unsigned number, std::uint64_t generation) override;
        void paused(unsigned number) override;
        void left(unsigned number) override;
        void counts(unsigned number, bool newest, const upgrade::Message& message) override;
        void said(const upgrade::Message& message) override;
        void gone() override;
        std::vector<std::string> arguments() const override;
        std::vector<std::string> environment() const override;
        void rehearsal(Described done) override;
        void reversible(std::function<void(Result<void>)> done) override;
        void event(upgrade::Json body) override;
        void freeze(std::function<void(Result<void>)> done) override;
        void thaw() override;
        std::pair<upgrade::Json, std::vector<int>> state() override;
        void park() override;
        void speak_up() override;
        void take_back(bool decides) override;
        void decide() override;
        void follow() override;
        void reopen_logs() override;
        bool wanted(const upgrade::Message& message) override;
        void let_go(std::chrono::milliseconds within, std::function<void()> drained) override;
        void left_alone() override;
        void exit() override;
        Members& m;
    };

    Service service{switchyard::net::NotifySocket::of_environment()};  // outlives what waits in io
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
    CoreDoors core_doors{*this};
    std::unique_ptr<Controller> controller;
    rollout::JournalDesk journals;
    RolloutDoors rollout_doors{*this};
    NameDoors name_doors{*this};
    std::unique_ptr<Names> names;
    DiscoveryDoors discovery_doors{*this};
    std::unique_ptr<discovery::Discovery> discovery;
    std::unique_ptr<HealthChecker> health;
    std::unique_ptr<Ejection> ejection;
    CertificateDoors certificate_doors{*this};
    std::unique_ptr<Certificates> certificates;
    AcmeDoors acme_doors{*this};
    std::unique_ptr<Holds> holds;
    std::unique_ptr<Pages> pages;
    std::unique_ptr<acme::Acme> acme;
    Totals totals;
    Series series;
    CountsElsewhere elsewhere{registry};
    std::map<unsigned, InFlightShare> shares;  // of the processes of before, by their number
    HeldUpstreams held_upstreams{registry};
    std::unique_ptr<rollout::Rollouts> rollouts;
    std::unique_ptr<OpenedReleases> releases;
    LedRoutes led;
    bool restored = false;  // the rollouts of before are known
    std::unique_ptr<Context> context;
    std::unique_ptr<AdminServer> admin;
    std::vector<std::unique_ptr<FileWatch>> file_watches;
    std::chrono::steady_clock::time_point next_forgetting{};
    boost::asio::steady_timer collect_timer{io};
    boost::asio::signal_set signals{io};
    // It decides and writes: not before it has taken another process's place, and not while another takes this one's.
    bool deciding = true;
    std::string binary;                      // that it was started from
    std::vector<std::string> run_arguments;  // for a process that takes its place
    bool state_dir_given = false;
    std::shared_ptr<upgrade::Inheritance> heritage;  // null: it was started, and took no place
    upgrade::Json inherited_upgrade;                 // how it came to be in charge
    std::chrono::steady_clock::time_point taken_since{};
    UpgradeDoors upgrade_doors{*this};
    std::unique_ptr<upgrade::Predecessors> predecessors;
    std::unique_ptr<upgrade::Succession> succession;
    std::unique_ptr<upgrade::UpgradeSocket> upgrade_socket;
    boost::asio::steady_timer upgrade_timer{io};
    switchyard::net::Descriptor parked_admin, ticket_keys;
    bool parked = false;
    bool gives_counts = false;  // another process asks for what is counted here
    // Before they are handed on: what comes after that was counted by neither.
    bool counts_rest = false;
    unsigned reports_due = 0;
    std::chrono::steady_clock::time_point frozen_since;
    bool ages_wanted = false;  // … with how long what is under way has taken
    // In this process's sums those of the process that is on probation stand behind all others.
    static constexpr unsigned kHeirWorkers = 1U << 31;
    upgrade::Json handed_rollouts;               // how far the process before had come in theirs
    std::function<void()> on_drained;            // of a process that has been replaced
    std::vector<std::shared_ptr<void>> retired;  // what calls that were under way may still look at
    bool drained_here = false;
    int exit_code = 0;
    bool ending = false;
    bool disk_hangs = false;  // and that was said
    bool settled = false;     // see look_whether_settled()
    bool doors_open = true;   // see open_when_known()
    std::chrono::steady_clock::time_point opening_since;
    std::uint64_t opening_generation = 0;
    boost::asio::steady_timer opening{io};

    Members(ConfigPlace place_, OpenedState opened, unsigned workers_);

    Result<void> build_names(const config::Resolver& settings);
    Result<void> build_discovery(const config::Process& process);
    // Whether every endpoint was checked once and every name and source asked: true for ever after, so that a new
    // endpoint, or a name that goes away, does not take the whole proxy out of its balancer.
    bool look_whether_settled();
    // Of a process that takes no one's place: clients that come while nothing is known of the endpoints wait in the
    // listeners' queues; answered at once they would be told that no endpoint is well. A little later what is known of
    // each upstream is enough, and then what is known at all.
    void open_when_known();
    void look_whether_to_open();
    void open();
    void build_core();
    void build_watch();
    void build_pool();
    void build_certificates();
    void build_acme();
    void went_down(const std::string& upstream, const std::string& address);
    void build_rollouts();
    void look_who_leads();
    // The service's manager learns when traffic may come.
    void look_whether_ready();
    // On the sockets of the first generation; passed ones that no listener asked for are closed.
    void begin_listening();
    void start_workers();
    void follow_rollouts();
    // The same configuration may find other secrets where it refers to some.
    void follow_secrets();
    void make_again(const char* otherwise);
    void hand_to_workers(std::shared_ptr<const Snapshot> next);
    // Compiled and made the controller's, not yet stored.
    Result<void> begin(const Beginning& from);
    Result<void> begin_without_file(Beginning& from, bool only_file, const Problem& problem);
    Result<void> begin_or_as_before(Beginning& from, bool only_file, const std::vector<std::string>& notices);
    Result<void> store_beginning(const Beginning& from, const std::string& file_hash);
    Result<void> keep_beginning(Beginning& from, bool only_file, const std::string& file_hash);
    void watch_files();
    // `passed`: the socket that another process listens on there.
    Result<void> open_admin(const config::Admin& settings, std::vector<std::string> notices, int passed = -1);
    void say_beginning(const Beginning& from, const std::string& file_hash);
    void file_refused(const Problem& problem, const std::string& hash);
    // No caller waits for it to be durable; that it failed is said in the log.
    void keep(StoreWriter::Write write);
    void collect();
    void count(const WorkerReport& report);
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

    void build_upgrade();
    upgrade::Json upgrade_view() const;
    Result<void> may_be_replaced() const;
    // `begun` may run from within.
    void start_upgrade(upgrade::Order order, std::function<void(Result<upgrade::Json>)> begun);
    // A program has come by itself, and asks for this process's place.
    void came(std::unique_ptr<upgrade::Channel> line, const upgrade::Json& hello);
    // By `begin`, once there is room for one more process of before.
    void begin_upgrade(upgrade::Order order, std::function<Result<upgrade::Json>(const upgrade::Order&)> begin,
                       std::function<void(Result<upgrade::Json>)> begun);
    // Of the process whose place is taken: see control/upgrade/handover.h.
    void describe_rehearsal(std::function<void(Result<upgrade::Json>, std::vector<int>)> done);
    using ByWorker = std::vector<std::vector<RecentRequest>>;
    void gather_recent(std::function<void(ByWorker)> then);
    upgrade::Json rehearsal_order(std::uint64_t generation, const ByWorker& requests) const;
    upgrade::Json listening_sockets(std::vector<int>& with) const;
    std::string rehearsal_copy() const;
    void forget_rehearsal();
    void look_whether_reversible(std::function<void(Result<void>)> done);
    void freeze(std::function<void(Result<void>)> done);
    void when_answered(std::function<void(Result<void>)> done);
    std::pair<upgrade::Json, std::vector<int>> everything();
    void park();
    void take_back(bool decides);
    void decide_late();
    void read_what_is_under_way();
    void follow_newest(bool follows);
    // Of the one that takes it.
    void inherit();
    void inherit_counts();
    void inherit_orders();
    void inherit_drains();
    void on_heir(upgrade::HeirMachine::Event event);
    void say_alive();
    // In control_counts.cpp: what is counted crosses, and goes on to be told while the process of before has something.
    upgrade::Names names_of_ids() const;
    upgrade::Numbers numbers_of_names();
    void add_counts(upgrade::Json& state);
    void tell_counts(bool ages, std::function<void()> then);
    void tell_the_last();
    bool wanted(const upgrade::Message& message);
    void ask_predecessors();
    void accept_when_heard();
    void heard_counts(unsigned number, bool newest, const upgrade::Message& message);
    void forget_predecessor(unsigned number);
    // What the processes of before have in flight counts where a limit asks.
    void tell_elsewhere();
    void tell_ages();
    void tell_elder(upgrade::Json reports);
    // Of either.
    void decide_again();
    void begin_deciding();
    void look_whether_serving();
    void look_whether_ended();
};

}  // namespace switchyard::control
