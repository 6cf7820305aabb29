#include "control/control.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "control/control_members.h"
#include "control/core/config_file.h"
#include "proxy/base/guarded.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// After a start: so long clients wait until every endpoint has its first verdict, which comes within the spread of the
// first checks unless an endpoint is silent; and so long until of each upstream something is known. More would be a gap
// that clients take for an outage.
constexpr milliseconds kAllKnown{250};
constexpr milliseconds kSomethingKnown{2000};

// How often the workers are asked for what they counted; quicker while a release is on trial or a caller waits for a
// drain.
constexpr milliseconds kCollect{200};
constexpr std::chrono::minutes kForget{1};  // between two looks for totals of what is configured no more
constexpr milliseconds kCollectForRollout{50};
constexpr milliseconds kCollectForDrain{20};

// After their grace processes of before have ended; one that is stuck holds up no other end.
constexpr std::chrono::seconds kLastWord{2};

// A write that takes longer is said to hang; one to a sound disk takes some milliseconds.
constexpr std::chrono::seconds kDiskHangs{1};

}  // namespace

bool Control::Members::look_whether_settled() {
    settled = settled || (names->all_asked() && discovery->all_asked() &&
                          controller->snapshot()->facts == names->known().version && health->all_checked());
    return settled;
}

void Control::Members::open_when_known() {
    doors_open = false;
    opening_since = steady_clock::now();
    opening_generation = controller->generation();
    pool->park();
    opening.expires_after(kAllKnown);
    opening.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        look_whether_to_open();
        opening.expires_at(opening_since + kSomethingKnown);
        opening.async_wait([this](boost::system::error_code over) {
            if (!over) open();
        });
    });
}

void Control::Members::look_whether_to_open() {
    if (doors_open) return;
    const bool enough = names->all_asked() && discovery->all_asked() &&
                        steady_clock::now() - opening_since >= kAllKnown && health->each_upstream_known();
    if (look_whether_settled() || enough) open();
}

void Control::Members::open() {
    if (std::exchange(doors_open, true)) return;
    opening.cancel();
    if (!parked) pool->unpark();
}

void Control::Members::look_whether_ready() {
    if (!deciding) return;  // another process speaks for the service
    if (!look_whether_settled() || !controller->adoption().here(controller->generation()))
        return service.is_ready() ? void() : service.waiting();
    if (!service.is_ready()) service.ready(controller->generation(), workers);
}

void Control::Members::collect() {
    if (gives_counts || counts_rest) return;  // another process goes on with them, and asks
    reports_due = workers;
    pool->collect(rollouts->any_active(), [this](WorkerReport report) {
        if (reports_due > 0) --reports_due;
        // First of all: where this one is ended, the other one has what was shown to any caller.
        if (heritage && heritage->machine.phase() == upgrade::HeirMachine::Phase::probation)
            tell_elder(upgrade::Json::array({upgrade::report_text(report, names_of_ids())}));
        count(report);
        controller->reported(report.worker, report.in_flight);
        if (deciding) rollouts->report(report);
    });
    ask_predecessors();
}

void Control::Members::count(const WorkerReport& report) {
    const auto now = steady_clock::now();
    totals.add(report, now);
    series.add(report, now);
    ejection->counted(report.endpoints);
}

void Control::Members::release() {
    const auto gone = registry.release(steady_clock::now());
    for (const auto& endpoint : gone.endpoints) {
        totals.forget_endpoint(endpoint->id);
        ejection->forget(endpoint->upstream, endpoint->address);
    }
    for (const auto& [id, name] : gone.routes) {
        totals.forget_route(id);
        series.forget_route(id);
    }
    for (const auto& [id, name] : gone.upstreams) {
        totals.forget_upstream(id);
        series.forget_upstream(id);
        health->forget(name);
        controller->forget_upstream(id);
    }
}

void Control::Members::forget_what_is_gone() {
    // A pipeline that makes releases faster than that fills no memory until then.
    if (steady_clock::now() < next_forgetting && !totals.crowded()) return;
    next_forgetting = steady_clock::now() + kForget;
    std::set<std::uint32_t> routes, upstreams;
    for (const auto& route : controller->model().routes) routes.insert(registry.route(route.name));
    for (const auto& [name, upstream] : controller->model().upstreams) upstreams.insert(registry.upstream(name));
    totals.configured(routes, upstreams, steady_clock::now());
    rollouts->configured(routes, upstreams);
}

void Control::Members::look_at_disk() {
    const auto sight = store.sight();
    const bool hangs = sight.under_way && *sight.under_way >= kDiskHangs;
    if (hangs == std::exchange(disk_hangs, hangs)) return;
    if (hangs)
        log_warn("the disk that holds {} does not answer: changes wait for it, traffic, health and returns go on",
                 state_dir->store());
    else
        log_info("the disk that holds {} answers again", state_dir->store());
    controller->events().add("store", {{"hangs", hangs}, {"waiting", sight.waiting + controller->waiting()}});
}

void Control::Members::arm_collect() {
    const bool drain = controller->drain_watched() && controller->drains().any_running();
    collect_timer.expires_after(drain ? kCollectForDrain : rollouts->any_active() ? kCollectForRollout : kCollect);
    collect_timer.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        guarded("control", totals.escaped_in_control, [this] {
            collect();
            // What is held no more: sockets of a dry run, endpoints that were removed.
            release();
            forget_what_is_gone();
            look_whether_to_open();
            look_whether_ready();
            service.make_up();
            look_at_disk();
            if (!deciding) return;
            rollouts->look_if_overdue();
            releases->book.look();
        });
        arm_collect();
    });
}

void Control::Members::await_signal() {
    signals.async_wait([this](boost::system::error_code ec, int signal) {
        if (ec) return;
        guarded("control", totals.escaped_in_control, [this, signal] {
            if (signal == SIGHUP && !deciding) {
                log_warn("SIGHUP: this process is not in charge, and does not read the file");
            } else if (signal == SIGHUP) {
                reload("SIGHUP", service.reloading());
            } else if (signal == SIGUSR1) {
                pool->reopen_access_log();  // logrotate has moved the file away
                predecessors->tell({{"type", "reopen"}});
            } else if (signal == SIGUSR2) {
                upgrade::Order order;
                order.by = "SIGUSR2";
                start_upgrade(std::move(order), [](const Result<upgrade::Json>& begun) {
                    if (!begun) log_error("upgrade: {}", begun.error().detail);
                });
            } else if (ending) {
                io.stop();  // told twice: at once
            } else {
                end();
            }
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
    keep([entry, hash, guarded = problem.kind == kGuard](Store& s) {
        return guarded ? s.refuse_file(hash, entry) : s.note(entry);
    });
}

// The file is read and looked through beside control's thread: it may be large,
// and its disk may hang.
void Control::Members::reload(const std::string& why, const Told& told) {
    certificates->look({});
    pages->look();
    struct Read {
        Result<LayeredFile> file = problems::internal("it was not read");
        Result<config::Model> model = problems::internal("it was not read");
    };
    const auto read = std::make_shared<Read>();
    const bool begun = aside.run(
        [read, from = place, in_force = controller->shared_model()] {
            read->file = read_config_file(from);
            if (read->file) read->model = model_of_file(*read->file, in_force.get());
        },
        [this, read, why, told] {
            if (!read->file) return file_refused(read->file.error(), "");
            if (!read->model) return file_refused(read->model.error(), read->file->hash);
            take_file(std::move(*read->model), *read->file, why, told);
        });
    if (!begun) log_error("{} was not read ({}): too many documents wait to be read", config_file, why);
}

void Control::Members::take_file(config::Model file, const LayeredFile& from, const std::string& why,
                                 const Told& told) {
    Change change;
    change.verb = kReloadVerb;
    change.caller = {"file", config_file, why};
    const auto& hash = from.hash;
    controller->take_file(std::move(file), hash, false, std::move(change), [this, hash, from, told](Answer answer) {
        if (!answer) return file_refused(with_layers(answer.error(), from.layers), hash);
        controller->file_is(FileStatus::Word::taken, hash, {});
        log_info("{} read: generation {}{}", config_file, answer->generation, answer->unchanged ? " as before" : "");
        if (answer->unchanged) follow_secrets();
        for (const auto* lines : {&answer->changes, &answer->moves})
            for (const auto& line : *lines) log_info("generation {}: {}", answer->generation, line);
    });
}

void Control::Members::end() {
    ending = true;
    const auto grace = controller->model().process.shutdown_grace;
    if (!succession->follows()) succession->cancel("this process ends");
    upgrade_socket->remove();
    // The manager ends whatever is left as soon as this process has: it goes last.
    predecessors->tell({{"type", "end"}, {"within_ms", grace.count()}});
    service.stopping(grace);
    open();  // who waits in a queue is answered
    log_info("ending: what is in flight has {} s", grace.count() / 1000);
    file_watches.clear();
    discovery->stop();
    names->stop();
    acme->stop();
    certificates->stop();
    pages->stop();
    health->stop();
    ejection->stop();
    pool->drain(grace, true, [this] {
        collect_timer.cancel();
        drained_here = true;
        look_whether_ended();
    });
    upgrade_timer.expires_after(grace + kLastWord);
    upgrade_timer.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        predecessors->kill_those_left();
        io.stop();
    });
}

Control::Control(std::unique_ptr<Members> members) : members_(std::move(members)) {}

Control::~Control() {
    if (!members_) return;
    if (members_->admin) members_->admin->stop();
    if (members_->controller) members_->controller->stop();
    if (members_->acme) members_->acme->stop();
    if (members_->certificates) members_->certificates->stop();
    if (members_->pages) members_->pages->stop();
    if (members_->pool) members_->pool->stop();
    members_->aside.stop();
    members_->store.stop();  // after the last that may want something to be kept
}

std::string Control::admin_url() const {
    return members_->admin->url();
}

int Control::run() {
    auto& m = *members_;
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) m.signals.add(signal);
    m.await_signal();
    m.arm_collect();
    if (m.deciding) m.acme->follow();
    if (m.deciding && m.state_dir->unwritable().empty()) m.upgrade_socket->open();
    m.look_whether_serving();
    while (!guarded("control", m.totals.escaped_in_control, [&] { m.io.run(); })) {
    }
    log_info("ended");
    return m.exit_code;
}

}  // namespace switchyard::control
