#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>

#include "bench/yardbench/engine/same_word.h"
#include "bench/yardbench/report/duration.h"
#include "bench/yardbench/scenario/scenario.h"

namespace yardbench {
namespace {

using Json = nlohmann::json;

constexpr double kUsersMost = 1'000'000;  // each holds a connection: no machine has ports for more

bool is_word(std::string_view text) {
    constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kSigns.find(c) != std::string_view::npos;
    });
}

bool says(const Step& step, std::string_view header) {
    return std::any_of(step.headers.begin(), step.headers.end(),
                       [&](const auto& given) { return same_word(given.first, header); });
}

// Walks the document; notes what is wrong and goes on, so that all of it is told at once.
class Reader {
  public:
    explicit Reader(std::string folder) : folder_(std::move(folder)) {}

    Scenario read(const Json& document) {
        if (!keys(document, "", {"name", "variables", "feeds", "groups", "stages"})) return done();
        scenario_.name = text(document, "", "name", "scenario");
        each(document, "", "feeds",
             [&](const std::string& name, const Json& one, const std::string& at) { feed(name, one, at); });
        each(document, "", "variables", [&](const std::string& name, const Json& one, const std::string& at) {
            if (!one.is_string()) return wrong(at, "expected a string");
            scenario_.variables.emplace_back(scenario_.names.variable(name), one.get<std::string>());
        });
        if (!document.contains("groups") || !document["groups"].is_array() || document["groups"].empty())
            wrong("/groups", "expected a list of at least one group");
        else
            for (std::size_t i = 0; i < document["groups"].size(); ++i)
                group(document["groups"][i], fmt::format("/groups/{}", i));
        if (document.contains("stages")) {
            const Json& stages = document["stages"];
            if (!stages.is_array() || stages.empty()) wrong("/stages", "expected a list of at least one stage");
            if (stages.is_array())
                for (std::size_t i = 0; i < stages.size(); ++i) stage(stages[i], fmt::format("/stages/{}", i));
        }
        return done();
    }

  private:
    Scenario done() {
        if (wrong_.empty()) return std::move(scenario_);
        std::string all = "the scenario is not right:";
        for (const std::string& line : wrong_) all += "\n  " + line;
        throw ScenarioError(all);
    }
    void wrong(const std::string& at, const std::string& what) {
        wrong_.push_back((at.empty() ? "/" : at) + ": " + what);
    }

    bool keys(const Json& object, const std::string& at, std::initializer_list<std::string_view> known) {
        if (!object.is_object()) {
            wrong(at, "expected an object");
            return false;
        }
        for (const auto& [key, value] : object.items())
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                std::string all;
                for (std::string_view one : known) all += fmt::format("{}{}", all.empty() ? "" : ", ", one);
                wrong(at + "/" + key, "unknown key; known here: " + all);
            }
        return true;
    }
    void each(const Json& object, const std::string& at, const char* key,
              const std::function<void(const std::string&, const Json&, const std::string&)>& visit) {
        if (!object.contains(key)) return;
        if (!object[key].is_object()) return wrong(at + "/" + key, "expected an object");
        for (const auto& [name, value] : object[key].items()) visit(name, value, at + "/" + key + "/" + name);
    }
    std::string text(const Json& object, const std::string& at, const char* key, const std::string& otherwise) {
        if (!object.contains(key)) return otherwise;
        if (object[key].is_string()) return object[key].get<std::string>();
        wrong(at + "/" + key, "expected a string");
        return otherwise;
    }
    double positive(const Json& object, const std::string& at, const char* key, double otherwise) {
        if (!object.contains(key)) return otherwise;
        if (object[key].is_number() && object[key].get<double>() > 0) return object[key].get<double>();
        wrong(at + "/" + key, "expected a number above 0");
        return otherwise;
    }
    Nanos duration(const Json& object, const std::string& at, const char* key, Nanos otherwise) {
        if (!object.contains(key)) return otherwise;
        try {
            return parse_duration(object[key].is_string() ? object[key].get<std::string>() : object[key].dump());
        } catch (const std::invalid_argument& error) {
            wrong(at + "/" + key, error.what());
            return otherwise;
        }
    }
    Template compile(const std::string& at, const std::string& value, Template::Fits fits) {
        try {
            return Template::compile(value, scenario_.names, fits);
        } catch (const std::invalid_argument& error) {
            wrong(at, error.what());
            return {};
        }
    }

    // A list of strings or of objects with the same keys, or {"file": "users.csv"} whose first line names the fields.
    void feed(const std::string& name, const Json& one, const std::string& at) {
        Template::Names::Feed names{name, {}};
        Feed rows;
        if (one.is_object() && keys(one, at, {"file"})) {
            const auto path = std::filesystem::path(folder_) / text(one, at, "file", "");
            std::ifstream in(path);
            if (!in) return wrong(at + "/file", "cannot read " + path.string() + ", looked for beside the scenario");
            const auto split = [](const std::string& line) {
                std::vector<std::string> cells(1);
                for (char c : line)
                    if (c == ',')
                        cells.emplace_back();
                    else if (c != '\r')
                        cells.back() += c;
                return cells;
            };
            std::string line;
            if (std::getline(in, line)) names.fields = split(line);
            while (std::getline(in, line))
                if (!line.empty()) rows.rows.push_back(split(line));
            for (const auto& row : rows.rows)
                if (row.size() != names.fields.size())
                    return wrong(at, "a line of the file has another number of fields");
        } else if (one.is_array()) {
            for (const Json& row : one) {
                std::vector<std::string> cells;
                std::vector<std::string> fields;
                if (row.is_object()) {
                    for (const auto& [key, value] : row.items()) {
                        fields.push_back(key);
                        cells.push_back(value.is_string() ? value.get<std::string>() : value.dump());
                    }
                } else {
                    fields = {""};
                    cells = {row.is_string() ? row.get<std::string>() : row.dump()};
                }
                if (!rows.rows.empty() && fields != names.fields) return wrong(at, "the rows have different fields");
                names.fields = fields;
                rows.rows.push_back(cells);
            }
        }
        if (rows.rows.empty()) return wrong(at, "expected a list of rows, or {\"file\": …} of a file with rows");
        scenario_.names.feeds.push_back(names);
        scenario_.feeds.push_back(rows);
    }

    void group(const Json& one, const std::string& at) {
        if (!keys(one, at, {"name", "share", "start", "mix"})) return;
        Group group;
        group.name = text(one, at, "name", "users");
        group.share = positive(one, at, "share", 1);
        for (const char* part : {"start", "mix"}) {
            if (!one.contains(part)) continue;
            if (!one[part].is_array()) {
                wrong(at + "/" + part, "expected a list of steps");
                continue;
            }
            for (std::size_t i = 0; i < one[part].size(); ++i) {
                Step made = step(one[part][i], fmt::format("{}/{}/{}", at, part, i));
                (part[0] == 's' ? group.start : group.mix).push_back(std::move(made));
            }
        }
        if (group.mix.empty()) wrong(at + "/mix", "expected at least one step");
        require_variables(group, at);
        scenario_.groups.push_back(std::move(group));
    }

    // A step that needs what no step gives would never be done, and no message would say so.
    void require_variables(const Group& group, const std::string& at) {
        std::vector<bool> known(scenario_.names.variables.size());
        for (const auto& [variable, value] : scenario_.variables) known[variable] = true;
        for (const auto* part : {&group.start, &group.mix})
            for (const Step& step : *part)
                for (const Capture& capture : step.captures) known[capture.variable] = true;
        for (const auto* part : {&group.start, &group.mix})
            for (std::size_t i = 0; i < part->size(); ++i)
                for (const std::size_t variable : (*part)[i].needs)
                    if (!known[variable])
                        wrong(fmt::format("{}/{}/{}", at, part == &group.start ? "start" : "mix", i),
                              fmt::format("${{{}}}: no step of this group captures it, and it is not in /variables",
                                          scenario_.names.variables[variable]));
    }
    void require_pointer(const std::string& at, const std::string& pointer) {
        if (!pointer.empty() && pointer[0] != '/') wrong(at, "expected a JSON pointer, as in \"/items/0/id\"");
    }

    Step step(const Json& one, const std::string& at) {
        Step step;
        if (!keys(one, at,
                  {"name", "weight", "method", "path", "headers", "body", "think", "capture", "expect", "retry_cut",
                   "acknowledge"}))
            return step;
        step.name = text(one, at, "name", "");
        if (step.name.empty()) wrong(at + "/name", "expected a name");
        step.tag = static_cast<std::uint32_t>(scenario_.step_names.size());
        scenario_.step_names.push_back(step.name);
        step.weight = positive(one, at, "weight", 1);
        step.method = text(one, at, "method", "GET");
        if (!is_word(step.method)) wrong(at + "/method", "expected one word, as in \"POST\"");
        const std::string path = text(one, at, "path", "");
        if (path.empty() || path[0] != '/') wrong(at + "/path", "expected a path that begins with /");
        step.path = compile(at + "/path", path, Template::Fits::target);
        each(one, at, "headers", [&](const std::string& name, const Json& value, const std::string& where) {
            const std::string given = value.is_string() ? value.get<std::string>() : value.dump();
            if (!is_word(name) || given.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
                return wrong(where, "expected a header: a name of one word, and a value of one line");
            step.headers.emplace_back(name, compile(where, given, Template::Fits::anywhere));
        });
        if (one.contains("body")) {
            step.has_body = true;
            const bool json = !one["body"].is_string();
            step.body = compile(at + "/body", json ? one["body"].dump() : one["body"].get<std::string>(),
                                json ? Template::Fits::json : Template::Fits::anywhere);
            if (json && !says(step, "Content-Type"))
                step.headers.emplace_back("Content-Type", compile(at, "application/json", Template::Fits::anywhere));
        }
        think(one, at, step);
        captures(one, at, step);
        expectations(one, at, step);
        if (one.contains("retry_cut")) {
            if (one["retry_cut"].is_boolean())
                step.retry_cut = one["retry_cut"].get<bool>();
            else
                wrong(at + "/retry_cut", "expected true or false");
        }
        step.says_host = says(step, "Host");
        step.acknowledge = text(one, at, "acknowledge", "");
        require_pointer(at + "/acknowledge", step.acknowledge);
        needs(step);
        return step;
    }

    void think(const Json& one, const std::string& at, Step& step) {
        if (!one.contains("think")) return;
        if (one["think"].is_object()) {
            keys(one["think"], at + "/think", {"least", "most"});
            step.think_least = duration(one["think"], at + "/think", "least", 0);
            step.think_most = duration(one["think"], at + "/think", "most", step.think_least);
            if (step.think_most < step.think_least) wrong(at + "/think/most", "expected no less than least");
        } else {
            step.think_least = step.think_most = duration(one, at, "think", 0);
        }
    }

    void captures(const Json& one, const std::string& at, Step& step) {
        each(one, at, "capture", [&](const std::string& name, const Json& value, const std::string& where) {
            if (!keys(value, where, {"json", "header", "every"})) return;
            Capture capture;
            capture.variable = scenario_.names.variable(name);
            capture.from_header = value.contains("header");
            if (capture.from_header == value.contains("json")) return wrong(where, "expected either json or header");
            capture.where = text(value, where, capture.from_header ? "header" : "json", "");
            if (!capture.from_header) require_pointer(where + "/json", capture.where);
            capture.every = static_cast<unsigned>(std::max(1.0, positive(value, where, "every", 1)));
            step.captures.push_back(capture);
        });
    }

    void expectations(const Json& one, const std::string& at, Step& step) {
        if (!one.contains("expect") || !keys(one["expect"], at + "/expect", {"status", "headers", "json"})) return;
        const Json& expect = one["expect"];
        if (expect.contains("status")) {
            const Json list = expect["status"].is_array() ? expect["status"] : Json::array({expect["status"]});
            for (const Json& status : list)
                if (status.is_number_unsigned() && status.get<std::uint64_t>() >= 100 &&
                    status.get<std::uint64_t>() <= 599)
                    step.expect_status.push_back(status.get<unsigned>());
                else
                    wrong(at + "/expect/status", "expected a status from 100 to 599, or a list of them");
        }
        each(expect, at + "/expect", "headers",
             [&](const std::string& name, const Json& value, const std::string& where) {
                 if (!value.is_string()) return wrong(where, "expected a string");
                 step.expect_headers.emplace_back(name, value.get<std::string>());
             });
        each(expect, at + "/expect", "json",
             [&](const std::string& pointer, const Json& value, const std::string& where) {
                 JsonExpectation expectation{pointer, true, false, {}};
                 if (value.is_object() && value.contains("exists") && value["exists"].is_boolean()) {
                     expectation.exists = value["exists"].get<bool>();
                 } else {
                     expectation.has_value = true;
                     expectation.value = value;
                 }
                 require_pointer(where, pointer);
                 step.expect_json.push_back(expectation);
             });
    }

    void stage(const Json& one, const std::string& at) {
        if (!keys(one, at, {"users", "duration"})) return;
        Stage stage;
        const double users = positive(one, at, "users", 1);
        if (users > kUsersMost || users != std::floor(users))
            return wrong(at + "/users", fmt::format("expected a whole number from 1 to {:.0f}", kUsersMost));
        stage.users = static_cast<unsigned>(users);
        stage.duration = duration(one, at, "duration", stage.duration);
        if (stage.duration <= 0) wrong(at + "/duration", "expected more than nothing");
        scenario_.stages.push_back(stage);
    }

    static void needs(Step& step) {
        const auto add = [&](const Template& text) {
            for (std::size_t variable : text.needed_variables()) step.needs.push_back(variable);
        };
        add(step.path);
        add(step.body);
        for (const auto& [name, value] : step.headers) add(value);
    }

    const std::string folder_;
    Scenario scenario_;
    std::vector<std::string> wrong_;
};

}  // namespace

Scenario parse_scenario(const Json& document, const std::string& folder) {
    return Reader(folder).read(document);
}

Scenario load_scenario(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw ScenarioError(path + ": cannot be read");
    Json document;
    try {
        document = Json::parse(in, nullptr, true, true);
    } catch (const Json::parse_error& error) {
        throw ScenarioError(path + ": " + error.what());
    }
    return parse_scenario(document, std::filesystem::path(path).parent_path().string());
}

}  // namespace yardbench
