#include "control/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "config/candidate.h"
#include "config/diff.h"
#include "config/parse.h"
#include "config/render.h"
#include "control/admin/server.h"
#include "control/admin/upstream_view.h"
#include "control/core/config_file.h"
#include "control/core/controller.h"
#include "control/edits/moves.h"
#include "control/file_watch.h"
#include "control/name_news.h"
#include "control/names/names.h"
#include "control/opened_releases.h"
#include "control/opened_state.h"
#include "control/rollout/runner/holders.h"
#include "control/rollout/runner/rollouts.h"
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

unsigned workers_of(const config::Process& process) {
    return process.workers != 0 ? process.workers : std::max(1U, std::thread::hardware_concurrency());
}

LogLevel level_of(const std::string& word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warn") return LogLevel::warn;
    if (word == "error") return LogLevel::error;
    return LogLevel::info;
}

// In words, and which traffic moves with it.
std::vector<std::string> changes_since(const Generation& before, const config::Model& now) {
    const auto parsed = config::parse_stored(before.config);
    if (!parsed.model) return {"the configuration before it cannot be read any more"};
    auto lines = config::diff(*parsed.model, now);
    for (auto& line : edits::moves(*parsed.model, now)) lines.push_back(std::move(line));
    return lines;
}

}  // namespace

struct Control::Members {
    asio::io_context io{1};
    const std::string config_file;
    std::unique_ptr<StateDir> state_dir;
    std::unique_ptr<Store> store;
    Kept kept;
    const unsigned workers;
    Registry registry;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Controller> controller;
    std::unique_ptr<Names> names;
    std::unique_ptr<HealthChecker> health;
    std::unique_ptr<Ejection> ejection;
    Totals totals;
    std::unique_ptr<rollout::Rollouts> rollouts;
    std::unique_ptr<release::Releases> releases;
    LedRoutes led;
    bool restored = false;  // the rollouts of before are known
    std::unique_ptr<Context> context;
    std::unique_ptr<AdminServer> admin;
    std::unique_ptr<FileWatch> file_watch;
    steady_clock::time_point next_forgetting{};
    asio::steady_timer collect_timer{io};
    asio::signal_set signals{io};
    bool ending = false;
    bool settled = false;  // see look_whether_settled()

    Members(std::string file, OpenedState opened, unsigned workers_)
        : config_file(std::move(file)),
          state_dir(std::move(opened.dir)),
          store(std::move(opened.store)),
          kept(std::move(opened.kept)),
          workers(workers_),
          registry(workers_) {
        for (const auto& [route, by] : rollout::holders(kept.journals)) led.to.emplace(route, by.to);
    }

    Result<void> build_names(const config::Resolver& settings);
    // Whether every endpoint was checked once and every name asked for: true for ever after, so that a new endpoint, or
    // a name that goes away, does not take the whole proxy out of its balancer.
    bool look_whether_settled();
    void build_core();
    void went_down(const std::string& upstream, const std::string& address);
    void build_rollouts();
    void look_who_leads();
    void follow_rollouts();
    // Compiled and made the controller's, not yet stored.
    Result<void> begin(const Beginning& from);
    Result<void> store_beginning(const Beginning& from, const std::string& file_hash);
    Result<void> open_admin(const config::Admin& settings, std::vector<std::string> notices);
    void say_beginning(const Beginning& from, const std::string& file_hash);
    void file_refused(const Problem& problem, const std::string& hash);
    void collect();
    void release();
    void forget_what_is_gone();
    void arm_collect();
    void await_signal();
    void reload(const std::string& why);
    void end();
};

Result<void> Control::Members::build_names(const config::Resolver& settings) {
    const auto addresses = store->addresses();
    if (!addresses) return addresses.error();
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
    names = std::make_unique<Names>(io.get_executor(), settings, std::move(ports), *addresses);
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
        if (!t.up) went_down(t.upstream, t.address);
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
        if (c.ejected) went_down(c.upstream, c.address);
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
        look_who_leads();
        return compile(std::move(model), generation, registry, names->known(), led);
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

// Not from within the check or the ejection that has found it: a rollback makes them follow another generation.
void Control::Members::went_down(const std::string& upstream, const std::string& address) {
    asio::post(io, [this, upstream, address] {
        if (rollouts) rollouts->went_down(upstream, address);
    });
}

void Control::Members::build_rollouts() {
    rollout::Ports ports;
    ports.workers = workers;
    ports.now = [] { return std::chrono::duration_cast<rollout::Monotonic>(steady_clock::now().time_since_epoch()); };
    ports.collect = [this] { collect(); };
    ports.timestamp = [] { return timestamp(system_clock::now()); };
    ports.time_of_day = [](rollout::Duration ahead) {
        return timestamp(system_clock::now() + ahead).substr(11, 8) + "Z";
    };
    ports.note_marks = [this](const std::string& route, std::uint32_t slow_us) {
        registry.marks(route)->slow_us.store(slow_us, std::memory_order_relaxed);
    };
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.change = [this](Change change, Answered done) { controller->change(std::move(change), std::move(done)); };
    ports.led = [this] { follow_rollouts(); };
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
    ports.call = [this](const rollout::HttpAsk& ask, rollout::HttpDone done) {
        rollout::http_call(io.get_executor(), ask, std::move(done));
    };
    rollouts = std::make_unique<rollout::Rollouts>(std::move(ports), controller->model().process.keep_rollouts);
    controller->hold_with([this](const std::string& route) { return rollouts->holder(route); });
}

void Control::Members::look_who_leads() {
    if (!restored) return;  // until then what the journals say
    std::map<std::string, std::string> now;
    for (const auto& rollout : rollouts->newest_first())
        if (const auto& machine = rollout->machine(); machine.holds_route())
            now.emplace(machine.plan().route, machine.plan().to);
    if (now == led.to) return;
    led.to = std::move(now);
    ++led.version;
}

// Where a rule means somebody else since a rollout began or ended, the generation in force is made again.
void Control::Members::follow_rollouts() {
    look_who_leads();
    if (!restored || controller->snapshot()->led == led.version) return;
    const auto& routes = controller->model().routes;
    const bool concerned = std::ranges::any_of(routes, [](const config::Route& route) {
        return std::ranges::any_of(route.rules, [](const auto& rule) { return rule.upstream == config::kCandidate; });
    });
    if (!concerned) return;
    auto compiled = compile(controller->shared_model(), controller->generation(), registry, names->known(), led);
    if (compiled.snapshot) return controller->republish(std::move(compiled.snapshot));
    for (const auto& error : compiled.errors)  // what has compiled before
        log_error("@candidate stays as it was: {}: {}", error.pointer, error.detail);
}

Result<void> Control::Members::begin(const Beginning& from) {
    const auto model = std::make_shared<const config::Model>(from.model);
    names->introduce(*model);
    auto compiled = compile(model, from.generation, registry, names->known(), led);
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    controller->begin(model, std::move(compiled.snapshot), from.generation);
    return {};
}

Result<void> Control::Members::store_beginning(const Beginning& from, const std::string& file_hash) {
    std::optional<FileBase> base;
    if (from.new_base)
        base = FileBase{config::render_text(*kept.file.model), file_hash, timestamp(system_clock::now())};
    if (!from.fresh) return base ? store->set_base(*base) : Result<void>();
    const auto& newest = kept.state.newest;
    std::vector<std::string> changes{"the configuration of " + config_file};
    const bool resumed = from.verb == "resume";
    if (resumed)
        changes = {fmt::format("generation {} of the state file again, under a number that was never given out",
                               newest->number)};
    else if (newest)
        changes = changes_since(*newest, from.model);
    Commit commit;
    commit.generation = {from.generation,
                         newest ? newest->number : 0,
                         config::render_text(from.model),
                         timestamp(system_clock::now()),
                         resumed ? "switchyard" : "file",
                         resumed ? "" : config_file,
                         from.verb,
                         "",
                         std::move(changes)};
    commit.base = std::move(base);
    commit.keep = from.model.process.keep_generations;
    return store->commit(commit);
}

void Control::Members::say_beginning(const Beginning& from, const std::string& file_hash) {
    log_info("generation {} in force ({})", from.generation,
             from.verb == "resume" ? "resumed from the state file" : "from " + config_file);
    if (from.verb == "file" && kept.state.newest)
        for (const auto& line : changes_since(*kept.state.newest, from.model))
            log_info("generation {}: {}", from.generation, line);
    controller->begin_file({config_file,
                            file_hash,
                            FileStatus::Word::taken,
                            kept.state.base && !from.new_base ? kept.state.base->at : timestamp(system_clock::now()),
                            {}});
    if (from.problem) file_refused(*from.problem, file_hash);
}

Result<void> Control::Members::open_admin(const config::Admin& settings, std::vector<std::string> notices) {
    auto tokens = settings.tokens;
    if (tokens.empty()) {
        if (!settings.bind.is_loopback())
            return problems::invalid({config::Error{
                "/process/admin/bind", settings.bind.text() + " is reachable from outside; configure "
                                                              "/process/admin/tokens first, or bind to 127.0.0.1"}});
        auto token = local_admin_token(state_dir->token(), state_dir->unwritable().empty());
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
                              *releases,
                              Tokens(std::move(tokens)),
                              {},
                              config_file,
                              kVersion,
                              system_clock::now(),
                              std::move(notices)});
    auto server = AdminServer::listen(settings, *context);
    if (!server) return server.error();
    admin = std::move(*server);
    if (!state_dir->unwritable().empty()) return {};  // whoever looks for it there finds the one of before
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
            releases->look();
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

void Control::Members::file_refused(const Problem& problem, const std::string& hash) {
    log_error("{} was not taken over: {}", config_file, problem.detail);
    for (const auto& error : problem.errors) log_error("{}{}: {}", config_file, error.pointer, error.detail);
    controller->file_is(word_of(problem), hash, problem);
    nlohmann::ordered_json event = {{"file", config_file}, {"state", word(controller->file().word)}};
    event.update(to_json(problem));
    event["refused"] = problem.detail;
    controller->events().add("file", std::move(event));
    std::vector<std::string> lines{problem.detail};
    if (problem.errors.size() > 1)
        for (const auto& error : problem.errors) lines.push_back(error.pointer + ": " + error.detail);
    const AuditEntry entry{0,  timestamp(system_clock::now()), "file",           config_file, "file-refused",
                           "", controller->generation(),       std::move(lines), {},          {}};
    const auto noted = problem.kind == kGuard ? store->refuse_file(hash, entry) : store->note(entry);
    if (!noted) log_error("{}", noted.error().detail);
}

void Control::Members::reload(const std::string& why) {
    const auto file = read_config_file(config_file);
    if (!file) return file_refused(file.error(), "");
    auto model = model_of_file(file->bytes, &controller->model());
    if (!model) return file_refused(model.error(), file->hash);
    Change change;
    change.verb = kReloadVerb;
    change.caller = {"file", config_file, why};
    controller->take_file(std::move(*model), file->hash, false, std::move(change),
                          [this, hash = file->hash](Answer answer) {
                              if (!answer) return file_refused(answer.error(), hash);
                              controller->file_is(FileStatus::Word::taken, hash, {});
                              log_info("{} read: generation {}{}", config_file, answer->generation,
                                       answer->unchanged ? " as before" : "");
                              for (const auto* lines : {&answer->changes, &answer->moves})
                                  for (const auto& line : *lines)
                                      log_info("generation {}: {}", answer->generation, line);
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
    // Audit and status are read elsewhere than here.
    const auto where = std::filesystem::absolute(options.config_file).lexically_normal().string();
    auto opened = open_state(where, options);
    if (!opened) return opened.error();
    auto notices = std::move(opened->notices);
    const auto hash = opened->kept.file.hash;
    const bool writable = opened->dir->unwritable().empty();
    auto from = beginning(opened->kept.file, opened->kept.state, options.from_file);
    if (!from) return from.error();
    if (options.state_dir) from->model.process.state_dir = *options.state_dir;
    const auto process = from->model.process;
    log_configure(level_of(process.log.level), process.log.format == "json");
    for (const auto& notice : notices) log_error("{}", notice);

    std::unique_ptr<Control> control(
        new Control(std::make_unique<Members>(where, std::move(*opened), workers_of(process))));
    auto& m = *control->members_;
    if (auto built = m.build_names(process.resolver); !built) return built.error();
    if (auto built = m.build_names(process.resolver); !built) return built.error();
    m.build_core();
    // The file is not worth a process that is down: where it cannot be put in force, the state is, as it was.
    const auto without_file = [&](const Problem& problem) -> Result<void> {
        if (from->verb != "file" || options.from_file) return problem;
        m.kept.file.problem = problem;
        auto again = beginning(m.kept.file, m.kept.state, false);
        if (!again) return again.error();
        *from = std::move(*again);
        return m.begin(*from);
    };
    auto begun =
        from->verb == "file" && !writable ? Result<void>(problems::store_unavailable(notices.front())) : m.begin(*from);
    if (!begun) begun = without_file(begun.error());
    if (!begun) return begun.error();
    if (options.state_dir) m.controller->state_dir_is_given();
    if (const auto& path = process.log.access; !path.empty()) {
        std::string why;
        if (!m.pool->open_access_log(path, &why)) return problems::invalid({config::Error{"/process/log/access", why}});
    }
    m.build_rollouts();
    m.releases = open_releases(*m.controller, *m.rollouts);
    if (auto listening = m.open_admin(process.admin, std::move(notices)); !listening) return listening.error();
    // Last of all that can fail, so that a start that is refused leaves no generation behind.
    if (auto stored = m.store_beginning(*from, hash); !stored && writable) {
        if (options.from_file) return stored.error();
        log_error("{}", stored.error().detail);
        if (from->verb == "file")
            if (auto again = without_file(stored.error()); !again) return again.error();
        if (from->fresh) m.store->refuse_changes(stored.error().detail + "; start again when it can be");
    }
    m.say_beginning(*from, hash);
    if (!from->fresh)
        if (auto resumed = m.controller->resume_pending(); !resumed) return resumed.error();
    m.registry.published(*m.controller->snapshot());
    m.pool->start(m.controller->snapshot());
    m.rollouts->restore(m.kept.journals);
    m.releases->restore(m.kept.releases);
    m.restored = true;
    m.follow_rollouts();
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
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1}) m.signals.add(signal);
    m.await_signal();
    m.arm_collect();
    while (!guarded("control", m.totals.escaped_in_control, [&] { m.io.run(); })) {
    }
    log_info("ended");
    return 0;
}

}  // namespace switchyard::control
