#include "control/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "config/diff.h"
#include "config/parse.h"
#include "config/render.h"
#include "control/admin/server.h"
#include "control/admin/upstream_view.h"
#include "control/base/digest.h"
#include "control/base/file_bytes.h"
#include "control/core/controller.h"
#include "control/edits/replace.h"
#include "control/file_watch.h"
#include "control/name_news.h"
#include "control/names/names.h"
#include "control/resume.h"
#include "control/rollout/runner/rollouts.h"
#include "control/state_dir.h"
#include "control/upstream_health.h"
#include "control/version.h"
#include "proxy/base/guarded.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/worker_pool.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// How often the workers are asked for what they counted; quicker while a release is on trial or somebody waits for a
// drain.
constexpr milliseconds kCollect{200};
constexpr std::chrono::minutes kForget{1};  // between two looks for totals of what is configured no more
constexpr milliseconds kCollectForRollout{50};
constexpr milliseconds kCollectForDrain{20};

struct File {
    config::Model model;
    std::string hash;
};

Result<File> read_file(const std::string& path) {
    const auto bytes = file_bytes(path);
    if (!bytes) return bytes.error();
    auto parsed = config::parse(std::string_view(*bytes));
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return File{std::move(*parsed.model), sha256_hex(*bytes)};
}

unsigned workers_of(const config::Process& process) {
    return process.workers != 0 ? process.workers : std::max(1U, std::thread::hardware_concurrency());
}

LogLevel level_of(const std::string& word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warn") return LogLevel::warn;
    if (word == "error") return LogLevel::error;
    return LogLevel::info;
}

}  // namespace

struct Control::Members {
    asio::io_context io{1};
    const std::string config_file;
    std::unique_ptr<StateDir> state_dir;
    std::unique_ptr<Store> store;
    const unsigned workers;
    Registry registry;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Controller> controller;
    std::unique_ptr<Names> names;
    std::unique_ptr<HealthChecker> health;
    std::unique_ptr<Ejection> ejection;
    Totals totals;
    std::unique_ptr<rollout::Rollouts> rollouts;
    std::unique_ptr<Context> context;
    std::unique_ptr<AdminServer> admin;
    std::unique_ptr<FileWatch> file_watch;
    steady_clock::time_point next_forgetting{};
    asio::steady_timer collect_timer{io};
    asio::signal_set signals{io};
    bool ending = false;
    bool settled = false;               // see look_whether_settled()
    std::uint64_t next_generation = 1;  // the first that this process may give out

    Members(std::string file, unsigned workers_)
        : config_file(std::move(file)), workers(workers_), registry(workers_) {}

    Result<void> build_names(const config::Resolver& settings);
    // Whether every endpoint was checked once and every name asked for: true for ever after, so that a new endpoint, or
    // a name that goes away, does not take the whole proxy out of its balancer.
    bool look_whether_settled();
    void build_core();
    Result<void> build_rollouts();
    Result<void> begin(const Options& options, File file);
    Result<void> open_admin(const config::Admin& settings, std::vector<std::string> notices);
    void collect();
    void release();
    void forget_what_is_gone();
    void arm_collect();
    void await_signal();
    void reload(const std::string& why);
    void end();
};

Result<void> Control::Members::build_names(const config::Resolver& settings) {
    const auto kept = store->addresses();
    if (!kept) return kept.error();
    Names::Ports ports;
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.published = [this] { return controller->snapshot()->facts; };
    ports.follow = [this](const KnownAddresses& known) {
        health->follow(controller->model(), known);
        ejection->follow(controller->model(), known);
    };
    ports.publish = [this](const KnownAddresses& known) {
        controller->republish(with_addresses(*controller->snapshot(), registry, known));
    };
    ports.usable = [this](const std::string& upstream, const std::string& member) {
        return registry.endpoint(upstream, member)->healthy();
    };
    ports.keep = [this](const AddressRows& rows) {
        if (auto stored = store->put_addresses(rows); !stored) log_warn("{}", stored.error().detail);
    };
    ports.tell = [this](const AddressBook::News& news) { tell_of_name(news, controller->events()); };
    names = std::make_unique<Names>(io.get_executor(), settings, std::move(ports), *kept);
    return {};
}

bool Control::Members::look_whether_settled() {
    settled = settled || (health->all_checked() && names->all_asked());
    return settled;
}

void Control::Members::build_core() {
    const auto find = [this](const std::string& upstream, const std::string& address) {
        return registry.endpoint(upstream, address);
    };
    health = std::make_unique<HealthChecker>(io.get_executor(), find, [this](HealthChecker::Transition t) {
        log_info("endpoint {} of {} is {}{}", t.address, t.upstream, t.up ? "up" : "down: ", t.detail);
        controller->events().add(
            "health", {{"upstream", t.upstream}, {"endpoint", t.address}, {"up", t.up}, {"detail", t.detail}});
        if (!t.up && rollouts) rollouts->went_down(t.upstream, t.address);
        names->health_changed();
        look_whether_settled();
    });
    ejection = std::make_unique<Ejection>(io.get_executor(), find, [this](Ejection::Change c) {
        if (c.ejected)
            log_warn("endpoint {} of {} ejected for {} s", c.address, c.upstream, c.length.count() / 1000);
        else
            log_info("endpoint {} of {} is back from ejection", c.address, c.upstream);
        controller->events().add(
            "ejection",
            {{"upstream", c.upstream}, {"endpoint", c.address}, {"ejected", c.ejected}, {"for_ms", c.length.count()}});
        if (c.ejected && rollouts) rollouts->went_down(c.upstream, c.address);
    });
    WorkerPool::Events events;
    events.adopted = [this](unsigned worker, std::uint64_t generation, std::vector<InFlight> older) {
        controller->adopted(worker, generation, std::move(older));
    };
    events.retired = [this](unsigned worker, std::uint64_t generation, bool last) {
        if (last) controller->retired(worker, generation);
        release();
    };
    events.suspect = [this](upstream::Suspect suspect) { ejection->suspect(suspect); };
    pool = std::make_unique<WorkerPool>(workers, io.get_executor(), std::move(events));

    Controller::Ports ports;
    ports.compile = [this](std::shared_ptr<const config::Model> model, std::uint64_t generation) {
        names->introduce(*model);
        return compile(std::move(model), generation, registry, names->known());
    };
    ports.publish = [this](std::shared_ptr<const Snapshot> next) {
        registry.published(*next);
        pool->publish(std::move(next));
    };
    ports.cut = [this](std::uint64_t before, const std::set<std::uint32_t>& upstreams) {
        pool->cut(before, upstreams);
    };
    ports.facts = [this](const config::Model& model) {
        return facts_of(model, registry, names->known(), health.get());
    };
    ports.upstream_id = [this](const std::string& name) { return registry.upstream(name); };
    ports.follow = [this](const config::Model& model) {
        health->follow(model, names->known());
        ejection->follow(model, names->known());
        names->follow(model);
    };
    controller = std::make_unique<Controller>(io.get_executor(), workers, *store, std::move(ports));
}

Result<void> Control::Members::build_rollouts() {
    rollout::Ports ports;
    ports.workers = workers;
    ports.now = [] { return std::chrono::duration_cast<rollout::Monotonic>(steady_clock::now().time_since_epoch()); };
    ports.collect = [this] { collect(); };
    ports.timestamp = [] { return timestamp(system_clock::now()); };
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.change = [this](Change change, Answered done) { controller->change(std::move(change), std::move(done)); };
    ports.adopted = [this](std::uint64_t generation) { return controller->adoption().everywhere(generation); };
    ports.keep = [this](const std::string& id, const std::string& text) { return store->put_journal(id, text); };
    ports.forget = [this](const std::vector<std::string>& ids) { return store->drop_journals(ids); };
    ports.event = [this](nlohmann::ordered_json body) {
        const auto word = [&](const char* key) { return body.value(key, std::string()); };
        const std::string kind = word("kind");
        const std::string line =
            fmt::format("rollout {}: {}: {}", word("rollout"), kind, word(body.contains("text") ? "text" : "detail"));
        if (kind == "start" || kind == "step" || kind == "pause" || kind == "resume" || kind == "done")
            log_info("{}", line);
        else
            log_warn("{}", line);  // something was taken back, or waits for somebody
        controller->events().add("rollout", std::move(body));
    };
    ports.route_id = [this](const std::string& name) { return registry.route(name); };
    ports.upstream_id = [this](const std::string& name) { return registry.upstream(name); };
    ports.endpoint = [this](std::uint32_t id) -> std::optional<std::pair<std::string, std::string>> {
        const auto state = registry.endpoint(id);
        if (!state) return std::nullopt;
        return std::pair{state->upstream, state->address};
    };
    ports.usable = [this](const std::string& upstream) {
        return usable(controller->model(), upstream, registry, names->known());
    };
    ports.health = [this](const std::string& upstream) {
        return health_of(controller->model(), upstream, registry, names->known(), *health);
    };
    ports.call = [this](const std::string& url, const std::string& body, rollout::Duration timeout,
                        rollout::HttpDone done) {
        rollout::http_call(io.get_executor(), url, body, timeout, std::move(done));
    };
    rollouts = std::make_unique<rollout::Rollouts>(std::move(ports), controller->model().process.keep_rollouts);
    controller->hold_with([this](const std::string& route) { return rollouts->holder(route); });
    const auto kept = store->journals();
    if (!kept) return kept.error();
    rollouts->restore(*kept);
    return {};
}

Result<void> Control::Members::begin(const Options& options, File file) {
    const auto newest = store->newest();
    if (!newest) return newest.error();
    const auto stored_hash = store->file_hash();
    if (!stored_hash) return stored_hash.error();
    auto from = beginning(std::move(file.model), file.hash, *newest, *stored_hash, options.from_file, next_generation);
    if (!from) return from.error();
    const auto model = std::make_shared<const config::Model>(std::move(from->model));
    names->introduce(*model);
    auto compiled = compile(model, from->generation, registry, names->known());
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    if (from->fresh) {
        Commit commit;
        std::vector<std::string> changes{"the configuration of " + config_file};
        const bool resumed = from->verb == "resume";
        if (resumed)
            changes = {fmt::format("generation {} of the state file again, under a number that was never given out",
                                   (*newest)->number)};
        else if (*newest)
            if (const auto before = config::parse_stored((*newest)->config); before.model)
                changes = config::diff(*before.model, *model);
        commit.generation = {from->generation,
                             *newest ? (*newest)->number : 0,
                             config::render_text(*model),
                             timestamp(system_clock::now()),
                             resumed ? "switchyard" : "file",
                             resumed ? "" : config_file,
                             from->verb,
                             "",
                             std::move(changes)};
        commit.file_hash = file.hash;
        commit.keep = model->process.keep_generations;
        if (auto stored = store->commit(commit); !stored) return stored.error();
    }
    log_info("generation {} in force ({})", from->generation,
             from->verb == "resume" ? "resumed from the state file" : "from " + config_file);
    controller->begin(model, compiled.snapshot, from->generation);
    if (!from->fresh)
        if (auto resumed = controller->resume_pending(); !resumed) return resumed.error();
    if (const auto& path = model->process.log.access; !path.empty()) {
        std::string why;
        if (!pool->open_access_log(path, &why)) return problems::invalid({config::Error{"/process/log/access", why}});
    }
    registry.published(*compiled.snapshot);
    pool->start(std::move(compiled.snapshot));
    return {};
}

Result<void> Control::Members::open_admin(const config::Admin& settings, std::vector<std::string> notices) {
    auto tokens = settings.tokens;
    if (tokens.empty()) {
        if (!settings.bind.is_loopback())
            return problems::invalid({config::Error{
                "/process/admin/bind", settings.bind.text() + " is reachable from outside; configure "
                                                              "/process/admin/tokens first, or bind to 127.0.0.1"}});
        auto token = local_admin_token(state_dir->token());
        if (!token) return token.error();
        tokens.push_back(std::move(*token));
    }
    context.reset(new Context{io.get_executor(),
                              *controller,
                              registry,
                              *health,
                              *ejection,
                              *names,
                              [this] { return look_whether_settled(); },
                              totals,
                              *rollouts,
                              Tokens(std::move(tokens)),
                              {},
                              config_file,
                              kVersion,
                              system_clock::now(),
                              std::move(notices)});
    auto server = AdminServer::listen(settings, *context);
    if (!server) return server.error();
    admin = std::move(*server);
    return StateDir::write_file(state_dir->address(), admin->url() + "\n");
}

void Control::Members::collect() {
    pool->collect([this](WorkerReport report) {
        totals.add(report, steady_clock::now());
        ejection->counted(report.endpoints);
        controller->reported(report.worker, report.in_flight);
        rollouts->report(report);
    });
}

void Control::Members::release() {
    for (const auto id : registry.release()) totals.forget_endpoint(id);
}

void Control::Members::forget_what_is_gone() {
    if (steady_clock::now() < next_forgetting) return;
    next_forgetting = steady_clock::now() + kForget;
    std::set<std::uint32_t> routes, upstreams;
    for (const auto& route : controller->model().routes) routes.insert(registry.route(route.name));
    for (const auto& [name, upstream] : controller->model().upstreams) upstreams.insert(registry.upstream(name));
    totals.configured(routes, upstreams, steady_clock::now());
}

void Control::Members::arm_collect() {
    const bool drain = controller->drain_watched() && controller->drains().any_running();
    collect_timer.expires_after(drain ? kCollectForDrain : rollouts->any_active() ? kCollectForRollout : kCollect);
    collect_timer.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        guarded("control", totals.escaped_in_control, [this] {
            collect();
            // What nobody holds any more: sockets of a dry run, endpoints that were removed.
            release();
            forget_what_is_gone();
            look_whether_settled();
            rollouts->look_if_overdue();
        });
        arm_collect();
    });
}

void Control::Members::await_signal() {
    signals.async_wait([this](boost::system::error_code ec, int signal) {
        if (ec) return;
        guarded("control", totals.escaped_in_control, [this, signal] {
            if (signal == SIGHUP)
                reload("SIGHUP");
            else if (signal == SIGUSR1)
                pool->reopen_access_log();  // logrotate has moved the file away
            else if (ending)
                io.stop();  // told twice: at once
            else
                end();
        });
        await_signal();
    });
}

void Control::Members::reload(const std::string& why) {
    auto file = read_file(config_file);
    const auto refused = [this](const Problem& problem) {
        log_error("{} was not taken over: {}", config_file, problem.detail);
        for (const auto& error : problem.errors) log_error("{}{}: {}", config_file, error.pointer, error.detail);
        controller->events().add("file", {{"file", config_file}, {"refused", problem.detail}});
        const AuditEntry entry{0,  timestamp(system_clock::now()), "file",           config_file, "file-refused",
                               "", controller->generation(),       {problem.detail}, {},          {}};
        if (auto noted = store->note(entry); !noted) log_error("{}", noted.error().detail);
    };
    if (!file) return refused(file.error());
    Change change;
    change.verb = "file";
    change.caller = {"file", config_file, why};
    change.file_hash = file->hash;
    change.edit = [model = std::move(file->model)](const config::Model& now, const Facts&) {
        return edits::replace(now, model, edits::ProcessPart::must_match);
    };
    controller->change(std::move(change), [this, refused](Answer answer) {
        if (!answer) return refused(answer.error());
        log_info("{} read: generation {}{}", config_file, answer->generation, answer->unchanged ? " as before" : "");
    });
}

void Control::Members::end() {
    ending = true;
    const auto grace = controller->model().process.shutdown_grace;
    log_info("ending: what is in flight has {} s", grace.count() / 1000);
    file_watch.reset();
    names->stop();
    health->stop();
    ejection->stop();
    pool->drain(grace, [this] {
        collect_timer.cancel();
        io.stop();
    });
}

Control::Control(std::unique_ptr<Members> members) : members_(std::move(members)) {}

Control::~Control() {
    if (!members_) return;
    if (members_->admin) members_->admin->stop();
    if (members_->controller) members_->controller->stop();
    if (members_->pool) members_->pool->stop();
}

Result<std::unique_ptr<Control>> Control::start(const Options& options) {
    auto file = read_file(options.config_file);
    if (!file) return file.error();
    const auto process = file->model.process;
    log_configure(level_of(process.log.level), process.log.format == "json");
    // Audit and status are read elsewhere than here.
    const auto where = std::filesystem::absolute(options.config_file).lexically_normal().string();
    auto members = std::make_unique<Members>(where, workers_of(process));
    auto dir = StateDir::open(process.state_dir);
    if (!dir) return dir.error();
    members->state_dir = std::move(*dir);
    auto opened = Store::open(members->state_dir->store());
    if (!opened) return opened.error();
    members->store = std::move(opened->store);
    members->next_generation = opened->next;
    std::vector<std::string> notices;
    if (!opened->notice.empty()) {
        log_error("{}", opened->notice);
        notices.push_back(opened->notice);
        const AuditEntry entry{
            0, timestamp(system_clock::now()), "switchyard", "", "store-set-aside", "", 0, {opened->notice}, {}, {}};
        if (auto noted = members->store->note(entry); !noted) return noted.error();
    }
    std::unique_ptr<Control> control(new Control(std::move(members)));
    auto& m = *control->members_;
    if (auto built = m.build_names(process.resolver); !built) return built.error();
    m.build_core();
    if (auto begun = m.begin(options, std::move(*file)); !begun) return begun.error();
    if (auto built = m.build_rollouts(); !built) return built.error();
    if (auto listening = m.open_admin(process.admin, std::move(notices)); !listening) return listening.error();
    log_info("admin API at {}", control->admin_url());
    if (process.watch_file)
        m.file_watch = FileWatch::start(m.io.get_executor(), m.config_file, [&m] { m.reload("the file changed"); });
    return control;
}

std::string Control::admin_url() const {
    return members_->admin->url();
}

int Control::run() {
    auto& m = *members_;
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) m.signals.add(signal);
    m.await_signal();
    m.arm_collect();
    while (!guarded("control", m.totals.escaped_in_control, [&] { m.io.run(); })) {
    }
    log_info("ended");
    return 0;
}

}  // namespace switchyard::control
