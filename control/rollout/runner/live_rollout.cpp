#include "control/rollout/runner/live_rollout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/rollout/fit_plan.h"
#include "control/rollout/runner/alarm_words.h"
#include "control/rollout/runner/check_verdict.h"
#include "control/rollout/runner/evidence_memory.h"

namespace switchyard::control::rollout {

namespace {

// Reasons are people's words: what is no UTF-8 in them is replaced, and the record is kept.
template <class Document>
std::string as_text(const Document& document) {
    return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

double seconds(Monotonic time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

LiveRollout::LiveRollout(std::string id, Plan plan, const Doors& doors, const RecentTraffic& recent)
    : id_(std::move(id)),
      doors_(doors),
      recent_(recent),
      machine_(std::move(plan)),
      checks_(machine_.plan().checks),
      presence_(machine_.plan().from, machine_.plan().to) {
    const Plan& p = machine_.plan();
    const config::Route* route = find_route(doors_.steering.model(), p.route);
    sticky_ = route != nullptr && route->sticky.has_value();
    auto settings = p.settings();
    // Sticky samples leave out what rules send; a plain count of requests cannot.
    settings.sticky = sticky_;
    settings.check_sample_ratio = sticky_ || !rules_bypass_split(p, doors_.steering.model());
    analysis_ = std::make_unique<analysis::Analysis>(settings);
    intake_ = std::make_unique<Intake>(Intake::Places{doors_.world.route_id(p.route), doors_.world.upstream_id(p.from),
                                                      doors_.world.upstream_id(p.to), doors_.workers.count(), sticky_,
                                                      settings.p99_limit, settings.max_extra_failures > 0});
    publication_ = std::make_shared<WeightPublication>(id_, p, doors_, [this](Ppm weight) { arrived(weight); });
    started_ = last_tick_ = doors_.clock.now();
}

void LiveRollout::start(const std::string& by, bool force) {
    const Plan& p = machine_.plan();
    presence_.look(doors_.clock.now(), doors_.world);  // who goes down before the first look has been there
    if (p.watch) {
        const auto before = recent_baseline();
        analysis_->set_baseline(before.failures, before.attempts);
    }
    insists_ = force;
    perform(machine_.start(doors_.clock.now(), by));
    insists_ = false;
}

bool LiveRollout::recall_all(const std::vector<Record>& records, Timeline timeline, const Json& evidence) {
    bool recalled = false;
    journal_ = records;
    timeline_ = std::move(timeline);
    if (recall(evidence, *analysis_, *intake_)) {
        recalled = true;
        const Json endpoints = evidence.value("endpoints", Json::object());
        for (const auto& [address, failures] : endpoints.items())
            if (failures.is_number_unsigned()) failing_before_[address] = failures;
        places_ = MarkPlaces::from_json(evidence.value("places", Json::object()));
    } else if (!evidence.is_null()) {
        doors_.outside.event(
            {{"rollout", id_}, {"kind", "evidence_anew"}, {"detail", "what is stored is of another version"}});
    }
    if (!timeline_.samples().empty())
        started_ = last_tick_ - Monotonic(static_cast<std::int64_t>(timeline_.samples().back().at * 1000));
    return recalled;
}

void LiveRollout::restore(const std::vector<Record>& records, Timeline timeline, const Json& evidence) {
    recall_all(records, std::move(timeline), evidence);
    come_up(machine_.restore(records, doors_.clock.now()));
}

void LiveRollout::come_up(Effects effects) {
    perform(std::move(effects));
    if (!publication_->wanting()) publication_->found(machine_.weight());
    if (!machine_.active()) intake_->end();
}

LiveRollout::Json LiveRollout::handed_on() {
    const Monotonic now = doors_.clock.now();
    count(now);
    last_tick_ = now;
    Json out = {{"evidence", evidence()},
                {"timeline", timeline_.to_json()},
                {"baked_ms", machine_.baked().count()},
                {"waited_ms", machine_.waited().count()}};
    // Where the weight is still on its way the step has not begun.
    if (epoch_ == machine_.epoch() && !to_begin_) out["step"] = remember_step(*analysis_, *intake_);
    return out;
}

void LiveRollout::take_over(const std::vector<Record>& records, Timeline timeline, const Json& evidence,
                            const Json& told) {
    const auto now = doors_.clock.now();
    const auto time = [&](const char* name) {
        const auto found = told.find(name);
        return Monotonic(found != told.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0);
    };
    if (!recall_all(records, std::move(timeline), evidence) || !told.contains("step"))
        return come_up(machine_.restore(records, now));
    told_ = told["step"];
    come_up(machine_.take_over(records, {time("baked_ms"), time("waited_ms")}, now));
}

void LiveRollout::perform(Effects effects) {
    std::vector<Announcement> announcements;
    for (Effect& e : effects) {
        if (auto* journal = std::get_if<effect::Journal>(&e)) {
            journal->record.at = doors_.clock.timestamp();
            journal_.push_back(std::move(journal->record));
            unkept_ = true;
        } else if (const auto* weight = std::get_if<effect::SetWeight>(&e)) {
            publication_->want(weight->weight, {machine_.returning(), machine_.holds_route(), insists_});
            to_begin_.reset();
        } else if (const auto* begin = std::get_if<effect::BeginStep>(&e)) {
            to_begin_ = *begin;
        } else if (auto* told = std::get_if<effect::Announce>(&e)) {
            announcements.push_back(std::move(told->announcement));
        }
    }
    const bool news = unkept_;
    if (!machine_.active()) intake_->end();
    note_marks();
    keep();
    publication_->publish(unkept(), machine_.why());
    if (news) keep_picture();
    if (!publication_->wanting() && to_begin_) begin_step(*to_begin_);
    for (const Announcement& a : announcements) announce(a);
    doors_.steering.led();
}

std::string LiveRollout::journal_text() const {
    std::string text;
    for (const Record& r : journal_) text += as_text(to_json(r)) + "\n";
    return text;
}

void LiveRollout::keep() {
    if (!unkept_ || keeping_) return;
    const std::string text = journal_text();
    keeping_ = giving_ = true;
    keeping_since_ = doors_.clock.now();
    doors_.journals.keep(id_, text, [weak = weak_from_this(), records = journal_.size()](const Result<void>& result) {
        if (const auto self = weak.lock()) self->kept(records, result);
    });
    giving_ = false;
}

void LiveRollout::kept(std::size_t records, const Result<void>& result) {
    keeping_ = false;
    if (!result) {
        journal_problem_ = "the journal cannot be written: " + result.error().detail;
        return;
    }
    journal_problem_.clear();
    unkept_ = journal_.size() > records;
    if (unkept_) return keep();
    // What the disk answers at once is gone on with by the code that gave it.
    if (!giving_) publication_->go_on({}, machine_.why());
}

// Worth a write when something happened, after it was done. That it fails changes nothing that was decided.
void LiveRollout::keep_picture() {
    doors_.journals.keep(id_ + "#timeline", as_text(timeline_.to_json()), {});
    keep_evidence();
}

void LiveRollout::keep_evidence() {
    counted_since_ = false;
    evidence_kept_ = doors_.clock.now();
    bets_kept_ = intake_->bets_placed();
    doors_.journals.keep(id_ + "#evidence", as_text(evidence()), {});
}

LiveRollout::Json LiveRollout::evidence() const {
    Json out = remember(*analysis_, *intake_);
    out["endpoints"] = failing_endpoints();
    out["places"] = places_.to_json();
    return out;
}

// Sticky: half a megabyte, so with each bet; the others have a few kilobytes.
bool LiveRollout::evidence_due(Monotonic now) const {
    return sticky_ ? intake_->bets_placed() != bets_kept_ : now - evidence_kept_ >= kKeepEvidence;
}

void LiveRollout::arrived(Ppm weight) {
    if (publication_->wanting()) return publication_->publish(unkept(), machine_.why());
    if (to_begin_) begin_step(*to_begin_);
    perform(machine_.in_force(weight));
}

void LiveRollout::begin_step(const effect::BeginStep& step) {
    using analysis::Assignment;
    epoch_ = step.epoch;
    to_begin_.reset();
    const Ppm weight = publication_->in_force();
    const auto before = recent_baseline();
    intake_->begin(doors_.clock.now(), {before.first_byte, before.whole},
                   {publication_->generation(), static_cast<double>(weight) / kWhole});
    analysis_->begin_step(weight == 0 ? Assignment::by_rule
                          : sticky_   ? Assignment::sticky
                                      : Assignment::per_request,
                          static_cast<double>(weight) / kWhole);
    checks_.begin_step();
    if (const Json told = std::exchange(told_, Json()); !told.is_null() && !recall_step(told, *analysis_, *intake_)) {
        machine_.forget_passed();
        doors_.outside.event({{"rollout", id_},
                              {"kind", "evidence_anew"},
                              {"detail", "what the process before had of this step cannot be used"}});
    }
    doors_.workers
        .collect();  // every worker routes by the weight by now: what it counts from this report on is the step's
}

void LiveRollout::announce(const Announcement& a) {
    const Plan& p = machine_.plan();
    Json event = {{"rollout", id_},
                  {"kind", a.kind},
                  {"state", word(machine_.state())},
                  {"route", p.route},
                  {"from", p.from},
                  {"to", p.to},
                  {"step", machine_.step() + 1},
                  {"weight", static_cast<double>(machine_.weight()) / 10'000.0},
                  {"text", a.text}};
    if (a.kind == "rollback" && !journal_.empty() && !journal_.back().detail.is_null())
        event["evidence"] = journal_.back().detail;
    doors_.outside.event(event);
    constexpr Duration kWebhookTime{5000};
    for (const Webhook& hook : p.webhooks) {
        if (std::ranges::find(hook.on, a.kind) == hook.on.end()) continue;
        doors_.outside.call({hook.url, as_text(event), kWebhookTime, false}, [weak = weak_from_this(),
                                                                              url = hook.url](HttpOutcome outcome) {
            const auto self = weak.lock();
            if (self && !outcome.ok())
                self->doors_.outside.event(
                    {{"rollout", self->id_}, {"kind", "webhook_failed"}, {"url", url}, {"detail", outcome.error}});
        });
    }
}

void LiveRollout::run_checks(Monotonic now) {
    for (const std::size_t i : checks_.due(now)) {
        const HttpCheck& check = machine_.plan().checks[i];
        doors_.outside.call({check.asked(), "", check.timeout, check.kind != HttpCheck::Kind::status},
                            [weak = weak_from_this(), i](HttpOutcome outcome) {
                                const auto self = weak.lock();
                                if (!self) return;
                                auto verdict = judge(self->machine_.plan().checks[i], outcome);
                                self->checks_.answered(i, verdict.passed, std::move(verdict.why));
                            });
    }
}

void LiveRollout::report(const WorkerReport& report) {
    if (!machine_.active() || epoch_ == 0) return;
    // A worker that is stuck must not keep the others' requests from being counted; by bucket they would count with the
    // share of before.
    intake_->changing(publication_->asked() || (sticky_ && publication_->behind()));
    intake_->add(report, doors_.clock.now());
    const Plan& p = machine_.plan();
    for (const NotedMarks& noted : report.marks) {
        const bool canary = noted.upstream == doors_.world.upstream_id(p.to);
        if (noted.route != doors_.world.route_id(p.route) ||
            !(canary || noted.upstream == doors_.world.upstream_id(p.from)))
            continue;
        if (!intake_->counts(noted.generation)) continue;  // its request is not counted either
        for (const MarkNote& note : noted.notes) {
            const auto at = doors_.world.endpoint(note.endpoint);
            places_.add(canary, note, at ? at->second : "");
        }
    }
}

// Who is slow at a level is looked for among the tenth that is slowest: half of all requests are beyond the p50.
void LiveRollout::note_marks() {
    constexpr std::size_t kP90 = 1;
    std::optional<MarkLimits> limits;
    if (machine_.active()) {
        limits.emplace();
        const auto us = [](std::uint64_t limit) {
            return static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, MarkLimits::kNothing));
        };
        if (const auto& frozen = intake_->frozen())
            limits->slow_us = us(frozen->limit_us(kP90)), limits->tail_us = us(Histogram::upper(frozen->tail()));
        if (const auto& frozen = intake_->frozen_whole())
            limits->late_us = us(frozen->limit_us(kP90)), limits->late_tail_us = us(Histogram::upper(frozen->tail()));
    }
    if (limits == noting_) return;
    noting_ = limits;
    doors_.workers.note_marks(machine_.plan().route, limits);
}

void LiveRollout::went_down(const std::string& upstream, const std::string& address) {
    if (upstream != machine_.plan().to || !machine_.active()) return;
    const Monotonic now = doors_.clock.now();
    presence_.went_down(address, now);
    // The next look is up to a twentieth of a second away. What was counted has to wait for it, this does not.
    presence_.look(now, doors_.world);
    if (presence_.alarm()) perform(machine_.tick(now, findings()));
}

void LiveRollout::tick() {
    const Monotonic now = doors_.clock.now();
    publication_->check_adopted();
    keep();
    if (keeping_ && now - keeping_since_ >= kDiskHangs)
        journal_problem_ = "the journal is not written yet: the disk that holds state_dir does not answer";
    publication_->go_on(unkept(), machine_.why());
    if (machine_.active()) {
        run_checks(now);
        count(now);
    }
    last_tick_ = now;
    perform(machine_.tick(now, findings()));
    if (machine_.active() && counted_since_ && evidence_due(now)) keep_evidence();
}

void LiveRollout::count(Monotonic now) {
    const bool warm = canary_since_ && now - *canary_since_ >= machine_.plan().warm_up;
    for (const analysis::Late& late : intake_->take_late()) {
        analysis_->add_late(late);
        add_to_picture(late.tick);
        counted_since_ = true;
    }
    const auto counts = intake_->take(seconds(now - last_tick_), warm);
    // One that hangs has been asked as well.
    if (!canary_since_ && static_cast<std::int64_t>(counts.canary.attempts) + counts.canary.early > 0)
        canary_since_ = now;
    constexpr double kLately = 10.0;  // seconds
    const double fade = std::exp(-counts.seconds / kLately);
    rate_seconds_ = rate_seconds_ * fade + counts.seconds;
    rate_requests_ = rate_requests_ * fade + static_cast<double>(counts.canary.attempts);
    analysis_->add(counts);
    // With the places of the marks that it counts, not of those that come later.
    if (const auto& held = analysis_->held_by(); held && held_words_.empty())
        held_words_ = alarm_words(*held, machine_.plan(), intake_->frozen_for(held->test), Json::object(), places_,
                                  users(*held)) +
                      " Promote or abort: a person decides.";
    presence_.add_baseline(counts.baseline.attempts, counts.baseline.failures);
    presence_.look(now, doors_.world);
    counted_since_ = counted_since_ || counts.canary.attempts + counts.baseline.attempts > 0;
    sample(counts, now);
}

void LiveRollout::add_to_picture(const analysis::Tick& tick) {
    gathering_.from.attempts += tick.baseline.attempts, gathering_.from.failures += tick.baseline.failures;
    gathering_.to.attempts += tick.canary.attempts, gathering_.to.failures += tick.canary.failures;
}

void LiveRollout::sample(const analysis::Tick& tick, Monotonic now) {
    add_to_picture(tick);
    const double at = seconds(now - started_);
    if (!timeline_.due(at)) return;
    gathering_.at = at;
    gathering_.weight = publication_->in_force();
    for (const auto& [arm, latency] : {std::pair{&gathering_.from, &intake_->baseline_latency()},
                                       std::pair{&gathering_.to, &intake_->canary_latency()}}) {
        arm->p50_us = latency->quantile(.5);
        arm->p90_us = latency->quantile(.9);
        arm->p99_us = latency->quantile(.99);
    }
    for (const analysis::Row& row : analysis_->rows()) timeline_.note(gathering_, row.test, row.ln_e / row.threshold);
    timeline_.add(gathering_);
    gathering_ = {};
}

}  // namespace switchyard::control::rollout
