// The controller and the configuration file: the merge with what is in force.
#include <fmt/format.h>

#include <utility>

#include "config/fields/render.h"
#include "config/merge/merge.h"
#include "config/parse.h"
#include "control/core/controller.h"

namespace switchyard::control {

void Controller::take_file(config::Model file, const std::string& hash, bool file_wins, Change change, Answered done) {
    const auto arrived = std::chrono::steady_clock::now();
    if (state_dir_given_) file.process.state_dir = model_->process.state_dir;
    if (answered_before(change, done)) return;
    change.document = true;
    change.file = FileBase{config::render_text(file), hash, timestamp(std::chrono::system_clock::now())};
    in_turn(change.dry_run, done, [this, file = std::move(file), file_wins, change, arrived, done](Turn turn) mutable {
        const auto stored = store_.base();
        if (!stored) return done(stored.error());
        change.edit = merging(std::move(file), *stored, file_wins);
        make(std::move(change), arrived, std::move(done), std::move(turn));
    });
}

Edit Controller::merging(config::Model file, const std::optional<FileBase>& kept, bool file_wins) const {
    // Without a base, or with one that no version reads any more, nothing is known to have changed: the file becomes
    // it.
    auto base = std::make_shared<config::Model>(file);
    if (kept)
        if (auto parsed = config::parse_stored(kept->config); parsed.model) *base = std::move(*parsed.model);
    config::MergeRules rules;
    rules.file_wins = file_wins;
    // As it is now: the edit may run beside this thread.
    rules.held_by = [held = holders()](const std::string& route) {
        const auto it = held.find(route);
        return it == held.end() ? std::string() : it->second.rollout;
    };
    return [base, file = std::move(file), rules = std::move(rules)](const config::Model& now,
                                                                    const Facts&) -> Result<config::Model> {
        if (file.process != now.process)
            return problems::conflict(
                "/process differs from the running one, and a change of it needs a restart; nothing was changed");
        auto merged = config::merge(*base, file, now, rules);
        if (!merged.model) return problems::file_conflict(std::move(merged.conflicts));
        return std::move(*merged.model);
    };
}

void Controller::keep_base(const FileBase& base, Settled done) {
    const auto kept = store_.base();
    if (!kept) return done(kept.error());
    if (*kept && (*kept)->hash == base.hash && (*kept)->config == base.config) return done({});
    writer_.write([base](Store& store) { return store.set_base(base); }, std::move(done));
}

void Controller::file_is(FileStatus::Word word, const std::string& hash, std::optional<Problem> problem) {
    if (file_.word != word || file_.hash != hash || file_.since.empty())
        file_.since = timestamp(std::chrono::system_clock::now());
    file_.word = word;
    file_.hash = hash;
    file_.problem = std::move(problem);
}

}  // namespace switchyard::control
