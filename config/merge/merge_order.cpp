#include "config/merge/merge_order.h"

#include <unordered_map>
#include <unordered_set>

namespace switchyard::config {

Names woven(const Names& leading, const Names& other) {
    const std::unordered_set<std::string> led(leading.begin(), leading.end());
    std::unordered_map<std::string, Names> behind;
    Names in_front;
    const std::string* neighbour = nullptr;
    for (const auto& name : other) {
        if (led.contains(name))
            neighbour = &name;
        else
            (neighbour == nullptr ? in_front : behind[*neighbour]).push_back(name);
    }
    Names out = std::move(in_front);
    for (const auto& name : leading) {
        out.push_back(name);
        if (const auto followers = behind.find(name); followers != behind.end())
            out.insert(out.end(), followers->second.begin(), followers->second.end());
    }
    return out;
}

bool reordered(const Names& before, const Names& after) {
    const auto common = [](const Names& list, const Names& other) {
        const std::unordered_set<std::string> there(other.begin(), other.end());
        Names out;
        for (const auto& name : list)
            if (there.contains(name)) out.push_back(name);
        return out;
    };
    return common(before, after) != common(after, before);
}

}  // namespace switchyard::config
