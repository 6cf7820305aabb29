// The dashboard's drawing as one script and one style, for files that are saved and need nothing beside themselves.
//
// Pure; made once. Threads: any.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace switchyard::control {

// Modules of page/, each with its imports before it, as one script without imports; what they export stays inside.
std::string bundled(std::initializer_list<std::string_view> modules);

// Draws a rollout's report: into #pictures what stands as JSON in #report.
const std::string& report_script();
std::string_view report_style();
// What the file may do: this script and no other, and nothing from elsewhere, whatever stands in a name.
const std::string& report_policy();

}  // namespace switchyard::control
