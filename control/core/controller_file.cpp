// The controller and the configuration file: the merge with what is in force.
#include <fmt/format.h>

#include <utility>

#include "config/merge.h"
#include "config/parse.h"
#include "config/render.h"
#include "control/core/controller.h"

namespace switchyard::control {

void Controller::take_file(config::Model file, const std::string& hash, bool file_wins, Change change, Answered done) {
    if (state_dir_given_) file.process.state_dir = model_->process.state_dir;
    const auto stored = store_.base();
    if (!stored) return done(stored.error());
    change.file = FileBase{config::render_text(file), hash, timestamp(std::chrono::system_clock::now())};
    // Without a base, or with one that no version reads any more, nothing is known to have changed: the file becomes
    // it.
    auto base = std::make_shared<config::Model>(file);
    if (*stored)
        if (auto parsed = config::parse_stored((*stored)->config); parsed.model) *base = std::move(*parsed.model);
    config::MergeRules rules;
    rules.file_wins = file_wins;
    if (held_by_) rules.held_by = [this](const std::string& route) { return held_by_(route).rollout; };
    change.edit = [base, file = std::move(file), rules = std::move(rules)](const config::Model& now,
                                                                           const Facts&) -> Result<config::Model> {
        if (file.process != now.process)
            return problems::conflict(
                "/process differs from the running one, and a change of it needs a restart; nothing was changed");
        auto merged = config::merge(*base, file, now, rules);
        if (!merged.model) return problems::file_conflict(std::move(merged.conflicts));
        return std::move(*merged.model);
    };
    this->change(std::move(change), std::move(done));
}

Result<void> Controller::keep_base(const FileBase& base) {
    const auto kept = store_.base();
    if (!kept) return kept.error();
    if (*kept && (*kept)->hash == base.hash && (*kept)->config == base.config) return {};
    return store_.set_base(base);
}

void Controller::file_is(FileStatus::Word word, const std::string& hash, std::optional<Problem> problem) {
    if (file_.word != word || file_.hash != hash || file_.since.empty())
        file_.since = timestamp(std::chrono::system_clock::now());
    file_.word = word;
    file_.hash = hash;
    file_.problem = std::move(problem);
}

}  // namespace switchyard::control
