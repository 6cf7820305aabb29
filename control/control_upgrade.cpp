// What a process does while another one takes its place, and what it does when it takes another's (docs/operations.md).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/fields/render.h"
#include "config/parse.h"
#include "control/control_members.h"
#include "control/rollout/runner/holders.h"
#include "control/upgrade/inheritance.h"
#include "proxy/base/log.h"
#include "proxy/net/listening_socket.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::milliseconds;
using upgrade::HeirMachine;
using upgrade::Json;

// Several in the time in which silence would be taken for death.
constexpr milliseconds kAlive{200};
// Calls that were under way when it stopped to take new ones have been answered by then.
constexpr milliseconds kAdminEnds{1'000};
constexpr milliseconds kLookWhetherAnswered{5};
// Who was away for longer reads anew; it must not hold up the takeover.
constexpr std::size_t kEventsThatCross = 1 << 20;

// What workers were asked for before the freeze comes within milliseconds.
constexpr milliseconds kLastReports{500};

Problem upgrading() {
    return {503, "upgrading", "another process is taking this one's place; try again in a second"};
}

Json file_of(const FileStatus& file) {
    Json out = {{"path", file.path}, {"hash", file.hash}, {"word", static_cast<int>(file.word)}, {"since", file.since}};
    if (file.problem)
        out["problem"] = {
            {"status", file.problem->status}, {"kind", file.problem->kind}, {"detail", file.problem->detail}};
    return out;
}

Result<std::uint64_t> newest_of(const std::string& copy) {
    const auto opened = Store::open_reader(copy, {});
    if (!opened) return opened.error();
    const auto newest = (*opened)->newest();
    if (!newest) return newest.error();
    return *newest ? (*newest)->number : 0;
}

// Where the other process has bound what this one has not, connections that are kept have no use for it.
void keep_own_listeners(config::Model& model, const config::Model& own) {
    std::erase_if(model.listeners, [&](const config::Listener& each) {
        return std::none_of(own.listeners.begin(), own.listeners.end(), [&](const config::Listener& mine) {
            return mine.name == each.name && mine.bind == each.bind;
        });
    });
}

}  // namespace

FileStatus inherited_file(const Json& said) {
    FileStatus out;
    out.path = said.value("path", "");
    out.hash = said.value("hash", "");
    out.word =
        static_cast<FileStatus::Word>(std::clamp(said.value("word", 0), 0, static_cast<int>(FileStatus::Word::unread)));
    out.since = said.value("since", "");
    if (const auto& problem = said.value("problem", Json()); problem.is_object())
        out.problem =
            Problem(problem.value("status", 500U), problem.value("kind", "internal"), problem.value("detail", ""));
    return out;
}

void Control::Members::build_upgrade() {
    upgrade::Predecessors::Ports before;
    before.joined = [this](bool counts) { return controller->joined(counts); };
    before.adopted = [this](unsigned number, std::uint64_t generation) {
        controller->adopted_elsewhere(number, generation);
    };
    before.paused = [this](unsigned number) { controller->paused(number); };
    before.left = [this](unsigned number) {
        controller->left(number);
        forget_predecessor(number);
        look_whether_ended();
    };
    before.counts = [this](unsigned number, bool newest, const upgrade::Message& message) {
        heard_counts(number, newest, message);
    };
    before.said = [this](const upgrade::Message& message) {
        const auto type = message.type();
        if (type == "committed") on_heir(HeirMachine::Event::committed);
        if (type == "alone") on_heir(HeirMachine::Event::alone);
        if (type == "abort") on_heir(HeirMachine::Event::abort);
    };
    before.gone = [this] { on_heir(HeirMachine::Event::gone); };
    predecessors = std::make_unique<upgrade::Predecessors>(io.get_executor(), std::move(before));

    upgrade::Succession::Ports ports;
    ports.arguments = [this] { return run_arguments; };
    ports.environment = [this] { return service.environment(); };
    ports.rehearsal = [this](auto done) { describe_rehearsal(std::move(done)); };
    ports.freeze = [this](auto done) { freeze(std::move(done)); };
    ports.thaw = [this] { decide_again(); };
    ports.state = [this] { return everything(); };
    ports.park = [this] { park(); };
    ports.speak_up = [this] {
        if (!parked) return;
        service.speak();
        service.ready(controller->generation(), workers);
    };
    ports.take_back = [this] { take_back(); };
    ports.let_go = [this](milliseconds within, std::function<void()> drained) {
        if (drained) on_drained = std::move(drained);
        predecessors->clear();  // the other process's now
        pool->drain(within, [this] { tell_the_last(); });
    };
    ports.follow = [this] { follow_newest(true); };
    ports.wanted = [this](const upgrade::Message& message) { return wanted(message); };
    ports.reopen_logs = [this] { pool->reopen_access_log(); };
    ports.exit = [this] {
        collect_timer.cancel();
        io.stop();
    };
    ports.event = [this](Json body) {
        forget_rehearsal();
        controller->events().add("upgrade", std::move(body));
    };
    succession = std::make_unique<upgrade::Succession>(io.get_executor(), std::move(ports));
}

Json Control::Members::upgrade_view() const {
    Json out = {{"upgrade", succession->view()}, {"predecessors", predecessors->view()}};
    if (out["upgrade"].is_null()) out["upgrade"] = inherited_upgrade;
    return out;
}

Result<Json> Control::Members::start_upgrade(upgrade::Order order) {
    if (order.binary.empty()) order.binary = binary;
    if (::getpid() == 1)
        return problems::conflict(
            "this process is the first of its container, which ends with it: let whoever runs the "
            "container replace it");
    if (!deciding || ending) return problems::conflict("this process is not in charge, or ends");
    if (heritage && heritage->machine.phase() != HeirMachine::Phase::alone)
        return problems::conflict("this process is on probation itself; wait until it is over");
    if (!state_dir->unwritable().empty())
        return problems::conflict("the state folder cannot be written: there is nothing to hand on");
    if (!controller->unstored().commits.empty()) return problems::conflict("what is in force is not durable yet");
    if (predecessors->full()) {
        if (!order.cut_oldest)
            return problems::conflict(
                "two processes of earlier upgrades still finish what they have; wait for them, or "
                "cut the oldest (cut_oldest)");
        predecessors->cut_oldest();
    }
    return succession->start(order);
}

void Control::Members::describe_rehearsal(std::function<void(Result<Json>, std::vector<int>)> done) {
    const auto to = rehearsal_copy();
    const auto folder = std::filesystem::path(to).parent_path();
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
    const auto copied = std::make_shared<Result<void>>(problems::internal("the store was not copied"));
    // A change may come in between: what the copy ends with is looked at when it is there.
    const bool begun = aside.run([copied, from = state_dir->store(), to] { *copied = Store::copy(from, to); },
                                 [this, copied, to, done] {
                                     if (!*copied) return done(copied->error(), {});
                                     auto newest = newest_of(to);
                                     if (!newest) return done(newest.error(), {});
                                     Json message = {{"copy", to}, {"generation", *newest}};
                                     message["config"] = config::render_text(controller->model());
                                     message["workers"] = workers;
                                     std::vector<int> with;
                                     message["listeners"] = listening_sockets(with);
                                     done(std::move(message), std::move(with));
                                 });
    if (!begun) done(problems::store_busy("too much waits to be read"), {});
}

Json Control::Members::listening_sockets(std::vector<int>& with) const {
    Json out = Json::array();
    for (const auto& plan : controller->snapshot()->listeners)
        for (unsigned worker = 0; worker < plan->sockets->count(); ++worker) {
            with.push_back(plan->sockets->descriptor(worker));
            out.push_back(plan->name);
        }
    return out;
}

std::string Control::Members::rehearsal_copy() const {
    return state_dir->path() + "/upgrade/copy.db";
}

void Control::Members::forget_rehearsal() {
    std::error_code ignored;  // it holds every secret of the configuration, and need not be there
    for (const char* part : {"", "-wal", "-shm", ".ledger"}) std::filesystem::remove(rehearsal_copy() + part, ignored);
}

void Control::Members::freeze(std::function<void(Result<void>)> done) {
    // The copy is as the state will be: what this version could not read it could not take back either.
    const auto usable = Store::usable(rehearsal_copy());
    forget_rehearsal();
    if (!usable)
        return done(
            problems::conflict("after it this version could not take the state back, so it is not tried out: "
                               "restart into it instead (" +
                               usable.error().detail + ")"));
    deciding = false;
    counts_rest = true;
    frozen_since = std::chrono::steady_clock::now();
    controller->hold_changes(upgrading(), [this, done] {
        // Behind all that was given to it.
        store.write([](Store&) { return Result<void>(); },
                    [this, done](const Result<void>& written) {
                        if (!written) return done(written);
                        if (!controller->holds_changes()) return;
                        store.hold(true);
                        when_answered(done);
                    });
    });
}

void Control::Members::when_answered(std::function<void(Result<void>)> done) {
    if (!controller->holds_changes()) return;
    // A worker that is stuck is not waited for.
    const bool counted = reports_due == 0 || std::chrono::steady_clock::now() - frozen_since > kLastReports;
    if (!controller->answers_wait() && counted) return done({});
    upgrade_timer.expires_after(kLookWhetherAnswered);
    upgrade_timer.async_wait([this, done = std::move(done)](boost::system::error_code ec) {
        if (!ec) when_answered(done);
    });
}

std::pair<Json, std::vector<int>> Control::Members::everything() {
    predecessors->rest();
    parked_admin = switchyard::net::Descriptor(admin->descriptor());
    std::vector<int> with{state_dir->lock(), parked_admin.get()};
    Json out;
    ticket_keys = registry.certificates().tickets().handed_on();
    if (ticket_keys.is_open()) {
        out["tickets"] = true;
        with.push_back(ticket_keys.get());
    }
    out["generation"] = controller->generation();
    out["config"] = config::render_text(controller->model());
    out["state_dir"] = state_dir->path();
    out["state_dir_given"] = state_dir_given;
    out["file"] = file_of(controller->file());
    out["workers"] = workers;
    out["settled"] = settled;
    out["pid"] = ::getpid();
    out["version"] = context->version;
    for (const auto& plan : controller->snapshot()->listeners) plan->sockets->share();
    out["listeners"] = listening_sockets(with);
    out["events"] = controller->events().newest(kEventsThatCross);
    add_counts(out);
    out["predecessors"] = predecessors->handed_on();
    for (const int line : predecessors->lines()) with.push_back(line);
    return {std::move(out), std::move(with)};
}

void Control::Members::park() {
    ticket_keys = switchyard::net::Descriptor();
    parked = true;
    pool->park();
    service.silent();
    file_watches.clear();
    acme->stop();
    admin->retire();
    upgrade_timer.expires_after(kAdminEnds);
    upgrade_timer.async_wait([this](boost::system::error_code ec) {
        if (!ec) admin->stop();
    });
}

// What the other process has decided is in force here as well. `follows`: beside it; else instead of it.
void Control::Members::follow_newest(bool follows) {
    const auto newest = reader->newest();
    if (!newest || !*newest) return;
    if ((*newest)->number <= controller->generation() && follows) {
        return look_whether_serving();
    }
    auto parsed = config::parse_stored((*newest)->config);
    if (!parsed.model) {
        log_error("generation {} is not understood by this version: what is here goes on by {}", (*newest)->number,
                  controller->generation());
        return;
    }
    if (follows) keep_own_listeners(*parsed.model, controller->model());
    parsed.model->process = controller->model().process;
    if (const auto stored = reader->journals()) {
        led.to.clear();
        for (const auto& [route, by] : rollout::holders(*stored)) led.to.emplace(route, by.to);
        ++led.version;
    }
    names->introduce(*parsed.model);
    excuse_certificates(*parsed.model, registry.certificates());
    auto compiled =
        compile(std::make_shared<const config::Model>(*parsed.model), (*newest)->number, registry, names->known(), led);
    registry.certificates().excuse_nobody();
    if (!compiled.errors.empty()) {
        for (const auto& error : compiled.errors)
            log_error("generation {}: {}: {}; what is here goes on by {}", (*newest)->number, error.pointer,
                      error.detail, controller->generation());
        return;
    }
    controller->take_up(std::make_shared<const config::Model>(std::move(*parsed.model)), std::move(compiled.snapshot));
}

void Control::Members::take_back() {
    upgrade_timer.cancel();
    predecessors->listen();
    predecessors->count_in();
    if (!std::exchange(parked, false)) return;
    log_warn("this process serves again, and decides");
    gives_counts = false;
    elsewhere.tell({});
    totals.forget_workers(kHeirWorkers, ~0U);
    follow_newest(false);
    predecessors->tell({{"type", "generation"}, {"generation", controller->generation()}});
    pool->unpark();
    service.keep(*controller->snapshot());
    admin->stop();
    const auto orders = acme->counts();
    // Calls that end now still look at what they came to.
    retired.push_back(std::shared_ptr<void>(std::move(admin)));
    retired.push_back(std::shared_ptr<void>(std::move(context)));
    retired.push_back(std::shared_ptr<void>(std::move(acme)));
    retired.push_back(std::shared_ptr<void>(std::move(releases)));
    retired.push_back(std::shared_ptr<void>(std::move(rollouts)));
    if (const auto stored = reader->journals()) kept.journals = *stored;
    if (const auto records = reader->releases()) kept.releases = *records;
    restored = false;
    build_rollouts();
    this->releases = std::make_unique<OpenedReleases>(*controller, *rollouts);
    if (auto listening = open_admin(controller->model().process.admin, {}, parked_admin.release()); !listening)
        log_error("the admin API does not come back: {}", listening.error().detail);
    else
        admin->accept();
    acme->go_on_from(orders);
    begin_deciding();
}

void Control::Members::decide_again() {
    gives_counts = counts_rest = false;
    store.hold(false);
    deciding = true;
    controller->go_on();
}

void Control::Members::begin_deciding() {
    decide_again();
    acme->follow();
    rollouts->restore(kept.journals, std::exchange(handed_rollouts, Json()));
    releases->book.restore(kept.releases);
    restored = true;
    follow_rollouts();
    if (controller->model().process.watch_file) watch_files();
    if (auto resumed = controller->resume_pending(); !resumed) log_error("{}", resumed.error().detail);
}

void Control::Members::inherit() {
    const auto& state = heritage->state;
    inherited_upgrade = state.value("upgrade", Json::object());
    inherited_upgrade["state"] = "probation";
    inherited_upgrade["phase"] = "probation";
    taken_since = std::chrono::steady_clock::now();
    settled = state.value("settled", false);
    auto about = state.value("predecessors", Json::array());
    for (std::size_t i = 0; i < heritage->predecessors.size(); ++i)
        predecessors->add(std::move(heritage->predecessors[i]), i < about.size() ? about[i] : Json::object());
    predecessors->add(std::move(heritage->elder), {{"pid", state.value("pid", 0)},
                                                   {"version", state.value("version", "")},
                                                   {"since", timestamp(std::chrono::system_clock::now())},
                                                   {"drain_within_ms", inherited_upgrade.value("drain_within_ms", 0)},
                                                   {"counts", state.value("counts", false)}});
    predecessors->listen();
}

void Control::Members::look_whether_serving() {
    if (!controller->adoption().everywhere(controller->generation())) return;
    if (heritage) on_heir(HeirMachine::Event::adopted);
    if (!succession->follows()) return;
    const auto generation = controller->generation();
    if (!gives_counts) return succession->adopted(generation);
    // What is in flight by older ones only falls from now on: told first, it is never taken for less than it is.
    tell_counts(ages_wanted, [this, generation] { succession->adopted(generation); });
}

void Control::Members::on_heir(HeirMachine::Event event) {
    if (!heritage) return;
    for (const auto act : heritage->machine.on(event)) {
        using Act = HeirMachine::Act;
        if (act == Act::say_serving) predecessors->tell_newest({{"type", "serving"}});
        if (act == Act::take_charge) {
            pool->unpark();
            predecessors->count_in();
            inherit_drains();
            begin_deciding();
            accept_when_heard();
            say_alive();
            look_whether_ready();
            inherited_upgrade["took_ms"]["takeover"] =
                std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - taken_since).count();
            log_info("upgrade: this process is in charge");
        }
        if (act == Act::settle) {
            upgrade_timer.cancel();
            inherited_upgrade["state"] = "done";
            inherited_upgrade["phase"] = "drain";
            inherited_upgrade["ended"] = timestamp(std::chrono::system_clock::now());
            controller->events().add("upgrade", inherited_upgrade);
        }
        if (act == Act::exit) {
            log_error("upgrade: the process before goes on by itself; this one ends");
            exit_code = 1;
            io.stop();
        }
    }
}

void Control::Members::say_alive() {
    predecessors->tell_newest({{"type", "alive"}});
    upgrade_timer.expires_after(kAlive);
    upgrade_timer.async_wait([this](boost::system::error_code ec) {
        if (!ec) say_alive();
    });
}

void Control::Members::look_whether_ended() {
    if (ending && drained_here && predecessors->empty()) io.stop();
}

}  // namespace switchyard::control
