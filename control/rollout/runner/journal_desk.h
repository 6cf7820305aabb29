// Where rollouts hand in what is to be kept of them: texts that are replaced as a whole.
//
// Of those that wait while an older one of the same id is being written only the newest is: what a disk that hangs
// holds up is bounded by the number of rollouts, and it is not flooded when it answers.
// Threads: control.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/rollout/runner/journals.h"

namespace switchyard::control::rollout {

class JournalDesk {
  public:
    using Kept = Journals::Kept;
    // Writes one; says when it is done.
    using Write = std::function<void(const std::string& id, const std::string& text, Kept)>;

    explicit JournalDesk(Write write) : write_(std::move(write)) {}

    void put(const std::string& id, std::string text, Kept done) {
        if (const auto it = under_way_.find(id); it != under_way_.end()) {
            it->second = Text{std::move(text), std::move(done)};
            return;
        }
        under_way_.try_emplace(id);
        give(id, text, std::move(done));
    }
    // They are being dropped: what waits is not written after that any more.
    void forget(const std::vector<std::string>& ids) {
        for (const auto& id : ids)
            if (const auto it = under_way_.find(id); it != under_way_.end()) it->second.reset();
    }

  private:
    struct Text {
        std::string text;
        Kept done;
    };

    void give(const std::string& id, const std::string& text, Kept done) {
        write_(id, text, [this, id, done = std::move(done), alive = std::weak_ptr(alive_)](const Result<void>& result) {
            if (alive.expired()) return;
            const auto it = under_way_.find(id);
            const auto next = std::exchange(it->second, std::nullopt);
            if (next)
                give(id, next->text, next->done);
            else
                under_way_.erase(it);
            if (done) done(result);
        });
    }

    const Write write_;
    std::map<std::string, std::optional<Text>> under_way_;  // by id: what comes after what is being written
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control::rollout
