// What is in force already and not judged again: an earlier version may have taken what this one refuses, and a
// configuration that serves must stay usable.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/model.h"

namespace switchyard::config {

struct Taken {
    std::set<std::string> expressions;  // of conditions, matches and rewrites
    std::set<std::string> edits;        // see edit_text

    std::map<std::string, Health> health;  // by upstream

    static Taken in(const Model& model);
};

// A header edit in one word: of which route, which way, which name.
std::string edit_text(std::string_view route, std::string_view part, std::string_view name);

}  // namespace switchyard::config
