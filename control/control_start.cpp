// How control begins: what the state and the file say is merged, compiled, listened on, stored, and handed to the
// workers.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "config/fields/render.h"
#include "config/parse.h"
#include "control/changes_since.h"
#include "control/control_members.h"
#include "control/control_takeover.h"
#include "control/upgrade/child.h"
#include "control/version.h"
#include "proxy/base/log.h"
#include "proxy/net/tls_memory.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// Not fewer than those of the process whose place it takes: each of its sockets has a worker that accepts from it.
unsigned workers_of(const config::Process& process, const upgrade::Inheritance* heritage) {
    const auto wanted = process.workers != 0 ? process.workers : std::max(1U, std::thread::hardware_concurrency());
    return heritage == nullptr ? wanted : std::max(wanted, heritage->state.value("workers", 1U));
}

std::string own_binary() {
    std::error_code ec;
    return std::filesystem::read_symlink("/proc/self/exe", ec).string();
}

std::vector<std::string> arguments_of(const ConfigPlace& place, const Control::Options& options) {
    std::vector<std::string> out{"run", "--config", place.path};
    for (const auto& overlay : place.overlays) out.insert(out.end(), {"--overlay", overlay});
    if (options.state_dir) out.insert(out.end(), {"--state-dir", *options.state_dir});
    out.insert(out.end(), {"--takeover", std::to_string(upgrade::kLineDescriptor)});
    return out;
}

// What the other process had in force, as it had it: no file is looked at.
Result<Beginning> inherited_beginning(const upgrade::Json& state, const StateAtStart& kept) {
    auto parsed = config::parse_stored(state.value("config", ""));
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    Beginning out;
    out.model = std::move(*parsed.model);
    out.generation = state.value("generation", std::uint64_t{0});
    out.verb = "resume";
    if (!kept.newest || kept.newest->number != out.generation)
        return problems::internal("the store does not end with what the process before had in force");
    return out;
}

std::string absolute(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
}

LogLevel level_of(const std::string& word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warn") return LogLevel::warn;
    if (word == "error") return LogLevel::error;
    return LogLevel::info;
}

}  // namespace

Result<void> Control::Members::begin(const Beginning& from) {
    const auto model = std::make_shared<const config::Model>(from.model);
    names->introduce(*model);
    // Certificates that were in force before need not be there: the others, and all else, are.
    if (kept.state.newest)
        if (const auto was = config::parse_stored(kept.state.newest->config); was.model)
            excuse_certificates(*was.model, registry.certificates());
    discovery->introduce(*model);
    auto compiled = compile(model, from.generation, registry, names->known(), led);
    registry.certificates().excuse_nobody();
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    controller->begin(model, std::move(compiled.snapshot), from.generation);
    return {};
}

// The file is not worth a process that is down: where it cannot be put in force, the state is, as it was.
Result<void> Control::Members::begin_without_file(Beginning& from, bool only_file, const Problem& problem) {
    if (from.verb != "file" || only_file) return problem;
    kept.file.problem = problem;
    auto again = beginning(kept.file, kept.state, false);
    if (!again) return again.error();
    from = std::move(*again);
    return begin(from);
}

Result<void> Control::Members::begin_or_as_before(Beginning& from, bool only_file,
                                                  const std::vector<std::string>& notices) {
    auto begun = from.verb == "file" && !state_dir->unwritable().empty()
                     ? Result<void>(problems::store_unavailable(notices.front()))
                     : begin(from);
    if (!begun && from.verb != "resume") begun = with_layers(begun.error(), kept.file.layers);
    if (!begun) begun = begin_without_file(from, only_file, begun.error());
    return begun;
}

Result<void> Control::Members::keep_beginning(Beginning& from, bool only_file, const std::string& file_hash) {
    const auto stored = store_beginning(from, file_hash);
    if (stored || !state_dir->unwritable().empty()) return {};
    if (only_file) return stored.error();
    log_error("{}", stored.error().detail);
    if (from.verb == "file")
        if (auto again = begin_without_file(from, only_file, stored.error()); !again) return again.error();
    if (from.fresh) store.store().refuse_changes(stored.error().detail + "; start again when it can be");
    return {};
}

void Control::Members::watch_files() {
    auto paths = place.overlays;
    paths.push_back(place.path);
    for (const auto& path : paths)
        file_watches.push_back(FileWatch::start(io.get_executor(), path, [this] { reload("the file changed"); }));
}

Result<void> Control::Members::store_beginning(const Beginning& from, const std::string& file_hash) {
    std::optional<FileBase> base;
    if (from.new_base)
        base = FileBase{config::render_text(*kept.file.model), file_hash, timestamp(system_clock::now())};
    if (!from.fresh) return base ? store.store().set_base(*base) : Result<void>();
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
                         std::move(changes),
                         controller->snapshot()->certificates};
    commit.base = std::move(base);
    commit.keep = from.model.process.keep_generations;
    return store.store().commit(commit);
}

void Control::Members::begin_listening() {
    registry.published(*controller->snapshot());
    for (const auto& [name, address] : registry.passed().close_rest())
        log_warn("a socket at {} was passed as \"{}\", but no listener is bound to it: closed", address, name);
    service.came(registry.passed().names());
    service.keep(*controller->snapshot());
}

void Control::Members::start_workers() {
    // Before it is in charge it accepts no client: where the takeover fails, none is lost with it.
    if (heritage)
        pool->park();
    else
        open_when_known();
    pool->start(controller->snapshot());
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

Result<void> Control::Members::open_admin(const config::Admin& settings, std::vector<std::string> notices, int passed) {
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
    build_acme();
    context.reset(new Context{io.get_executor(),
                              *controller,
                              aside,
                              registry,
                              *health,
                              *ejection,
                              *names,
                              *certificates,
                              *acme,
                              *discovery,
                              [this] { return look_whether_settled(); },
                              totals,
                              series,
                              *rollouts,
                              releases->book,
                              Tokens(std::move(tokens)),
                              {},
                              config_file,
                              kVersion,
                              system_clock::now(),
                              std::move(notices)});
    context->oldest = [this](const Drain& drain, std::size_t most, const WorkerPool::Oldest& each) {
        pool->oldest(drain.generation, drain.upstreams, most, each);
    };
    context->upgrade = [this] { return upgrade_view(); };
    context->start_upgrade = [this](const upgrade::Order& order, auto begun) {
        start_upgrade(order, std::move(begun));
    };
    context->finish_upgrade = [this] { predecessors->tell({{"type", "end"}, {"within_ms", 0}}); };
    auto server = AdminServer::listen(settings, *context, passed);
    if (!server) return server.error();
    admin = std::move(*server);
    if (!state_dir->unwritable().empty()) return {};  // a reader of it finds the one of before
    return StateDir::write_file(state_dir->address(), admin->url() + "\n");
}

Result<std::unique_ptr<Control>> Control::start(Options options) {
    if (!switchyard::net::TlsMemory::serves())
        log_info("OpenSSL has its memory from the heap as it comes, and not by the record: TLS costs a little more");
    // Audit and status are read elsewhere than here.
    ConfigPlace where{absolute(options.config_file), {}};
    for (const auto& overlay : options.overlays) where.overlays.push_back(absolute(overlay));
    std::shared_ptr<upgrade::Inheritance> heritage;
    if (!options.takeover.empty()) {
        auto met = take_over(options);
        if (!met) return met.error();
        heritage = std::move(*met);
    }
    auto opened = heritage ? open_inherited(heritage->state.value("state_dir", ""), heritage->lock.release())
                           : open_state(where, options);
    if (!opened) return opened.error();
    auto notices = std::move(opened->notices);
    const auto hash = opened->kept.file.hash;
    auto from = heritage ? inherited_beginning(heritage->state, opened->kept.state)
                         : beginning(opened->kept.file, opened->kept.state, options.from_file);
    if (!from) return from.error();
    if (options.state_dir) from->model.process.state_dir = *options.state_dir;
    const auto process = from->model.process;
    log_configure(level_of(process.log.level), process.log.format == "json");
    for (const auto& notice : notices) log_error("{}", notice);

    std::unique_ptr<Control> control(
        new Control(std::make_unique<Members>(where, std::move(*opened), workers_of(process, heritage.get()))));
    auto& m = *control->members_;
    m.run_arguments = arguments_of(where, options);
    m.binary = own_binary();
    m.state_dir_given = options.state_dir.has_value();
    m.build_upgrade();
    if (heritage) {
        m.deciding = false;
        m.heritage = heritage;
        m.registry.passed() = {};
        for (auto& [fd, name] : heritage->listeners) m.registry.passed().add(std::move(fd), name);
        m.inherit();
    }
    if (auto built = m.build_names(process.resolver); !built) return built.error();
    if (auto built = m.build_discovery(process); !built) return built.error();
    m.build_core();
    if (heritage) m.inherit_counts();
    if (auto begun = m.begin_or_as_before(*from, options.from_file, notices); !begun) return begun.error();
    if (options.state_dir) m.controller->state_dir_is_given();
    if (const auto& path = process.log.access; !path.empty()) {
        std::string why;
        if (!m.pool->open_access_log(path, &why)) return problems::invalid({config::Error{"/process/log/access", why}});
    }
    m.build_rollouts();
    m.releases = std::make_unique<OpenedReleases>(*m.controller, *m.rollouts);
    if (auto listening = m.open_admin(process.admin, std::move(notices), heritage ? heritage->admin.release() : -1);
        !listening)
        return listening.error();
    if (heritage) m.inherit_orders();
    // Last of all that can fail, so that a start that is refused leaves no generation behind.
    if (!heritage)
        if (auto kept = m.keep_beginning(*from, options.from_file, hash); !kept) return kept.error();
    m.store.start();  // from here on it is the thread's
    if (heritage)
        m.controller->begin_file(inherited_file(heritage->state.value("file", upgrade::Json::object())));
    else
        m.say_beginning(*from, hash);
    if (!from->fresh && !heritage)
        if (auto resumed = m.controller->resume_pending(); !resumed) return resumed.error();
    m.begin_listening();
    m.start_workers();
    if (heritage) return control;  // the rest when it is in charge
    m.rollouts->restore(m.kept.journals);
    m.releases->book.restore(m.kept.releases);
    m.restored = true;
    m.follow_rollouts();
    m.look_whether_to_open();
    log_info("admin API at {}", control->admin_url());
    if (process.watch_file) m.watch_files();
    return control;
}

}  // namespace switchyard::control
