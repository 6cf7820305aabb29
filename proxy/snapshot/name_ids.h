// Names with small dense ids, for as long as they are held and a while longer.
//
// Invariants: a name has its id until it has not been held for kGrace; only then may another name get it. By then
//   the last worker has reported what it had counted under it, and a scraper has seen the sum. Id 0 is no name.
// Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace switchyard {

class NameIds {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::minutes kGrace{10};

    std::uint32_t id(const std::string& name) {
        const auto it = ids_.find(name);
        if (it != ids_.end()) return it->second;
        std::uint32_t id = static_cast<std::uint32_t>(names_.size());
        if (free_.empty()) {
            names_.push_back(name);
        } else {
            id = free_.back();
            free_.pop_back();
            names_[id] = name;
        }
        ids_.emplace(name, id);
        return id;
    }
    // Empty: free.
    const std::string& name(std::uint32_t id) const { return names_.at(id); }

    // Looks who is held; gives up those that have not been for kGrace.
    template <class Held>
    std::vector<std::pair<std::uint32_t, std::string>> release(Held held, Time now) {
        std::vector<std::pair<std::uint32_t, std::string>> gone;
        for (auto it = ids_.begin(); it != ids_.end();) {
            const auto& [name, id] = *it;
            if (held(name)) {
                if (!unheld_since_.empty()) unheld_since_.erase(name);
            } else if (now - unheld_since_.try_emplace(name, now).first->second >= kGrace) {
                unheld_since_.erase(name);
                names_[id].clear();
                free_.push_back(id);
                gone.emplace_back(id, name);
                it = ids_.erase(it);
                continue;
            }
            ++it;
        }
        return gone;
    }

  private:
    std::map<std::string, std::uint32_t> ids_;
    std::vector<std::string> names_{""};  // by id
    std::vector<std::uint32_t> free_;
    std::map<std::string, Time> unheld_since_;
};

}  // namespace switchyard
