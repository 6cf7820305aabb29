// What a process does while another one takes its place, and what it does when it takes another's (docs/operations.md).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/fields/render.h"
#include "config/parse.h"
#include "control/control_members.h"
#include "control/control_takeover.h"
#include "control/rehearsal/questions.h"
#include "control/rehearsal/rehearsal.h"
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

constexpr milliseconds kRecentRequests{200};

Problem upgrading() {
    return {503, "upgrading", "another process is taking this one's place; try again in a second"};
}

Problem left_over() {
    return {503, "upgrading",
            "a process that was to take this one's place has lost it and has not ended: end its container; until then "
            "nothing is changed"};
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

// It holds every secret of the configuration, and need not be there.
void remove_copy(const std::string& copy) {
    std::error_code ignored;
    for (const char* part : {"", "-wal", "-shm", ".ledger"}) std::filesystem::remove(copy + part, ignored);
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
    predecessors = std::make_unique<upgrade::Predecessors>(io.get_executor(), upgrade_doors, upgrade_doors);
    upgrade_socket = std::make_unique<upgrade::UpgradeSocket>(
        io.get_executor(), state_dir->path() + "/" + upgrade::kUpgradeSocket,
        [this](std::unique_ptr<upgrade::Channel> line, const Json& hello) { came(std::move(line), hello); });
    succession = std::make_unique<upgrade::Succession>(
        io.get_executor(), upgrade::Succession::Doors{upgrade_doors, upgrade_doors, upgrade_doors});
}

Json Control::Members::upgrade_view() const {
    Json out = {{"upgrade", succession->view()}, {"predecessors", predecessors->view()}};
    if (out["upgrade"].is_null()) out["upgrade"] = inherited_upgrade;
    return out;
}

// What was served lately, of each worker; one that is stuck is not waited for.
void Control::Members::gather_recent(std::function<void(ByWorker)> then) {
    const auto gathered = std::make_shared<ByWorker>();
    const auto most = std::make_shared<boost::asio::steady_timer>(io, kRecentRequests);
    const auto end = [gathered, most, then = std::move(then), told = std::make_shared<bool>(false)] {
        if (std::exchange(*told, true)) return;
        most->cancel();
        then(std::move(*gathered));
    };
    most->async_wait([end](boost::system::error_code) { end(); });
    pool->recent([this, gathered, end](std::vector<RecentRequest> requests) {
        gathered->push_back(std::move(requests));
        if (gathered->size() >= workers) end();
    });
}

void Control::Members::describe_rehearsal(std::function<void(Result<Json>, std::vector<int>)> done) {
    const auto copied = std::make_shared<Result<std::uint64_t>>(problems::internal("the store was not copied"));
    const bool begun = aside.run(
        [copied, from = state_dir->store(), to = rehearsal_copy()] {
            const auto folder = std::filesystem::path(to).parent_path();
            std::error_code ec;
            std::filesystem::create_directories(folder, ec);
            std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
            const auto made = Store::copy(from, to);
            // A change may have come in between: what the copy ends with is looked at when it is there.
            *copied = made ? newest_of(to) : Result<std::uint64_t>(made.error());
        },
        [this, copied, done] {
            if (!*copied) return done(copied->error(), {});
            gather_recent([this, generation = **copied, done](const ByWorker& requests) {
                std::vector<int> with;
                auto message = rehearsal_order(generation, requests);
                message["listeners"] = listening_sockets(with);
                done(std::move(message), std::move(with));
            });
        });
    if (!begun) done(problems::store_busy("too much waits to be read"), {});
}

Json Control::Members::rehearsal_order(std::uint64_t generation, const ByWorker& requests) const {
    const auto now = Moment::now();
    Json out = {{"copy", rehearsal_copy()}, {"generation", generation}, {"workers", workers}};
    out["config"] = config::render_text(controller->model());
    out["asked_at"] = now.wall_seconds;
    out["network"] = network_here();
    out["questions"] = questions_of(*controller->snapshot(), requests, now);
    out["known"] = known_text(names->known());
    out["up"] = Json::array();
    for (const auto& [key, seen] : health->found())
        if (seen.state == HealthRule::State::up) out["up"].push_back({key.first, key.second});
    return out;
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
    const auto forget = [copy = rehearsal_copy()] { remove_copy(copy); };
    if (!aside.run(forget, [] {})) forget();
}

void Control::Members::look_whether_reversible(std::function<void(Result<void>)> done) {
    // The copy is as the state will be: what this version could not read it could not take back either.
    const auto usable = std::make_shared<Result<void>>(problems::internal("the copy was not read"));
    const bool begun = aside.run(
        [usable, copy = rehearsal_copy()] {
            *usable = Store::usable(copy);
            remove_copy(copy);
        },
        [usable, done] {
            if (*usable) return done({});
            done(
                problems::conflict("after it this version could not take the state back, so it is not tried out: "
                                   "restart into it instead (" +
                                   usable->error().detail + ")"));
        });
    if (!begun) done(problems::store_busy("too much waits to be read"));
}

void Control::Members::freeze(std::function<void(Result<void>)> done) {
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
    out["adopted"] = controller->adoption().lowest_here();
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
    upgrade_socket->close();
    admin->retire();
    upgrade_timer.expires_after(kAdminEnds);
    upgrade_timer.async_wait([this](boost::system::error_code ec) {
        if (!ec && parked) admin->stop();  // it may have run out just before all was taken back
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

void Control::Members::take_back(bool decides) {
    upgrade_timer.cancel();
    predecessors->listen();
    predecessors->count_in();
    if (!decides) controller->hold_changes(left_over(), [] {});
    if (!std::exchange(parked, false)) return;
    log_warn("this process serves again{}", decides ? ", and decides" : "");
    gives_counts = counts_rest = false;
    tell_elsewhere();
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
    read_what_is_under_way();
    restored = false;
    build_rollouts();
    this->releases = std::make_unique<OpenedReleases>(*controller, *rollouts);
    if (auto listening = open_admin(controller->model().process.admin, {}, parked_admin.release()); !listening)
        log_error("the admin API does not come back: {}", listening.error().detail);
    if (admin) admin->accept();  // though a full disk has not let its address be written
    acme->go_on_from(orders);
    if (decides) begin_deciding();
}

// The other one has ended at last.
void Control::Members::decide_late() {
    log_warn("the process that was to take this one's place has ended: this one decides again");
    follow_newest(false);
    if (restored) return decide_again();
    read_what_is_under_way();
    begin_deciding();
}

void Control::Members::read_what_is_under_way() {
    if (const auto stored = reader->journals()) kept.journals = *stored;
    if (const auto records = reader->releases()) kept.releases = *records;
}

void Control::Members::decide_again() {
    gives_counts = counts_rest = false;
    store.hold(false);
    deciding = true;
    controller->go_on();
}

void Control::Members::begin_deciding() {
    decide_again();
    upgrade_socket->open();
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
    inherited_upgrade["pid"] = ::getpid();  // as it is seen from here
    taken_since = std::chrono::steady_clock::now();
    settled = state.value("settled", false);
    auto about = state.value("predecessors", Json::array());
    for (std::size_t i = 0; i < heritage->predecessors.size(); ++i)
        predecessors->add(std::move(heritage->predecessors[i]), i < about.size() ? about[i] : Json::object());
    predecessors->add(std::move(heritage->elder), {{"pid", state.value("pid", 0)},
                                                   {"version", state.value("version", "")},
                                                   {"since", timestamp(std::chrono::system_clock::now())},
                                                   {"adopted", state.value("adopted", std::uint64_t{0})},
                                                   {"drain_within_ms", inherited_upgrade.value("drain_within_ms", 0)},
                                                   {"counts", state.value("counts", false)}});
    predecessors->listen();
}

void Control::Members::look_whether_serving() {
    // What processes of before go by is said by each of them.
    if (!controller->adoption().here(controller->generation())) return;
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
            // Each says what it goes by: one that is behind keeps receipts waiting.
            predecessors->tell({{"type", "generation"}, {"generation", controller->generation()}});
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
    if (heritage->machine.phase() != HeirMachine::Phase::probation) return;  // the timer may have run out just before
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
