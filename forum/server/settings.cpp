#include "forum/server/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "forum/domain/address.h"

namespace forum {

namespace {

enum class Kind { text, integer, flag, duration, secret };

struct Setting {
    std::string_view name;
    Kind kind;
    std::string_view dev;
    std::string_view prod;
    std::string_view meaning;
};

constexpr Setting kSettings[] = {
    {"env", Kind::text, "dev", "prod", "dev or prod: which defaults hold"},
    {"config", Kind::text, "", "", "file of settings, one 'name = value' a line"},
    {"bind", Kind::text, "127.0.0.1", "127.0.0.1", "address to listen on"},
    {"port", Kind::integer, "8090", "8090", "port to listen on; 0: any free one, printed at start"},
    {"database", Kind::text, "forum.db", "/var/lib/forum/forum.db",
     "SQLite file, shared by all instances, or mariadb://USER@HOST/NAME (docs/databases.md)"},
    {"colour", Kind::text, "blue", "blue", "blue or green: which side of a release this is"},
    {"version-label", Kind::text, "dev", "dev", "release name, answered as X-Forum-Version"},
    {"connections", Kind::integer, "10000", "10000", "open connections; beyond, the one unused for longest is closed"},
    {"threads", Kind::integer, "512", "1024", "requests in work at a time; more wait. Probes always find a thread"},
    {"transfer-memory", Kind::integer, "67108864", "67108864",
     "bytes of unfinished requests and unread answers; beyond, the oldest are given up"},
    {"trusted-proxies", Kind::text, "127.0.0.0/8,::1", "127.0.0.0/8,::1",
     "addresses and networks whose X-Forwarded-For is believed"},
    {"body-limit", Kind::integer, "262144", "262144", "largest request body in bytes"},
    {"idle-limit", Kind::duration, "60s", "60s", "an unused connection is closed after this"},
    {"read-limit", Kind::duration, "10s", "10s", "a request, from its first byte to its last, may take this"},
    {"request-limit", Kind::duration, "30s", "30s", "waiting for a thread, or sending an answer, may take this"},
    {"write-patience", Kind::duration, "5s", "5s", "a change that has not begun after this is refused with 503"},
    {"drain-delay", Kind::duration, "0s", "5s", "after SIGTERM: unready for this long before connections are ended"},
    {"drain-limit", Kind::duration, "30s", "30s", "after SIGTERM: leave at the latest after this"},
    {"auto-migrate", Kind::flag, "true", "true", "bring the database to this program's schema at start"},
    {"access-life", Kind::duration, "15m", "15m", "life of an access token"},
    {"refresh-life", Kind::duration, "720h", "720h", "life of a login without new login"},
    {"hash-parallel", Kind::integer, "2", "2", "password hashes computed at a time (19 MiB each)"},
    {"operator-token", Kind::secret, "", "", "for /drain; empty: only from this machine and not through a proxy"},
    {"log-requests", Kind::text, "failures", "all", "all, failures or none"},
    {"login-limit", Kind::integer, "10", "10",
     "failed logins by one address on one account in 15 minutes; 0: any number"},
    {"registration-limit", Kind::integer, "0", "20", "registrations by one address in an hour; 0: any number"},
    {"write-limit", Kind::integer, "0", "120", "writing calls by one account in a minute; 0: any number"},
    {"daily-texts", Kind::integer, "0", "500",
     "posts, comments, edits and reports by one account in a day; 0: any number"},
    {"daily-bytes", Kind::integer, "0", "8388608",
     "bytes that one account may send to be stored in a day; 0: any number"},
    {"search-limit", Kind::integer, "0", "120", "new searches by one address in a minute; 0: any number"},
    {"search-time", Kind::duration, "200ms", "200ms", "processor time that one search may take"},
    {"own-votes", Kind::flag, "true", "false", "authors may vote on what they wrote"},
    {"redis", Kind::text, "", "", "host:port of an optional Redis; empty: none"},
    {"redis-limit", Kind::duration, "25ms", "25ms", "longest wait for one answer of Redis"},
    {"page-cache", Kind::integer, "67108864", "67108864",
     "bytes of finished answers and rendered texts kept in memory"},
    {"page-life", Kind::duration, "10s", "10s", "an unchanged answer is built again after this"},
    {"rehearsal", Kind::flag, "false", "false", "allow the three faults below"},
    {"fail-percent", Kind::integer, "0", "0", "rehearsal: answer this share of API requests with 500"},
    {"delay", Kind::duration, "0ms", "0ms", "rehearsal: wait this long before every API request"},
    {"crash-after", Kind::integer, "0", "0", "rehearsal: die without a word after this many API requests"},
    {"seed-posts", Kind::integer, "0", "0", "fill an empty database with this many posts at start"},
};

// What the program can do something with; elsewhere a mistyped number would be cut down, or be no limit at all.
struct Bounds {
    std::string_view name;
    std::int64_t least;
    std::int64_t most;  // durations: in milliseconds
};
constexpr std::int64_t kCountMost = 2'147'483'647;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDurationMost = 10 * 366 * 24 * kHourMs;  // ten years
constexpr Bounds kBounds[] = {
    {"port", 0, 65'535},
    {"connections", 1, 1'000'000},
    {"threads", 1, 32'768},
    {"transfer-memory", 1'048'576, 1'099'511'627'776},
    {"read-limit", 1, kDurationMost},
    {"body-limit", 1, 1'073'741'824},
    {"hash-parallel", 1, 64},
    {"page-cache", 0, 1'099'511'627'776},
    {"fail-percent", 0, 100},
    {"search-time", 1, kHourMs},
    {"idle-limit", 1, kDurationMost},
    {"request-limit", 1, kDurationMost},
    {"access-life", 1'000, kDurationMost},
    {"refresh-life", 1'000, kDurationMost},
    {"redis-limit", 1, 60'000},
};

constexpr std::string_view kFlagPrefix = "--";

const Setting* find_setting(std::string_view name) {
    for (const Setting& setting : kSettings) {
        if (setting.name == name) return &setting;
    }
    return nullptr;
}

std::string variable_name(std::string_view name) {
    std::string out = "FORUM_";
    for (const char c : name)
        out.push_back(c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    return out;
}

std::optional<std::int64_t> integer_from(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::optional<std::chrono::milliseconds> maybe_duration(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits = {
        {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
    for (const auto& [unit, factor] : kUnits) {
        if (!text.ends_with(unit)) continue;
        const auto number = integer_from(text.substr(0, text.size() - unit.size()));
        if (number && *number <= INT64_MAX / factor) return std::chrono::milliseconds(*number * factor);
    }
    return std::nullopt;
}

std::string trimmed(std::string_view text) {
    const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return std::string(text);
}

Bounds bounds_of(const Setting& setting) {
    for (const Bounds& bounds : kBounds) {
        if (bounds.name == setting.name) return bounds;
    }
    return {setting.name, 0, setting.kind == Kind::duration ? kDurationMost : kCountMost};
}

bool is_host_and_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const auto port = integer_from(text.substr(colon + 1));
    return port && *port >= 1 && *port <= 65'535;
}

// mariadb://user:password@…
bool holds_password(std::string_view address) {
    const std::size_t scheme = address.find("://");
    const std::size_t at = address.rfind('@');
    if (scheme == std::string_view::npos || at == std::string_view::npos || at < scheme) return false;
    return address.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
}

void check(const Setting& setting, std::string_view text, const std::string& source) {
    const auto fail = [&](std::string_view expected) {
        throw SettingsError(fmt::format("{} ({}): expected {}, got '{}'", setting.name, source, expected, text));
    };
    const Bounds bounds = bounds_of(setting);
    const auto within = [&](std::int64_t number) { return number >= bounds.least && number <= bounds.most; };
    switch (setting.kind) {
        case Kind::integer:
            if (!integer_from(text)) fail("a number");
            if (!within(*integer_from(text))) fail(fmt::format("a number from {} to {}", bounds.least, bounds.most));
            break;
        case Kind::flag:
            if (text != "true" && text != "false") fail("true or false");
            break;
        case Kind::duration:
            if (!maybe_duration(text)) fail("a duration like 250ms, 5s or 2m");
            if (!within(maybe_duration(text)->count())) {
                fail(fmt::format("a duration from {}ms to {}h", bounds.least, bounds.most / kHourMs));
            }
            break;
        case Kind::text:
        case Kind::secret:
            break;
    }
    if (setting.name == "env" && text != "dev" && text != "prod") fail("dev or prod");
    if (setting.name == "colour" && text != "blue" && text != "green") fail("blue or green");
    if (setting.name == "log-requests" && text != "all" && text != "failures" && text != "none") {
        fail("all, failures or none");
    }
    const bool in_header = setting.name == "version-label" || setting.name == "operator-token";
    if (in_header && text.find_first_of("\r\n\"\\") != std::string_view::npos)
        fail("text without quotes and line ends");
    if (setting.name == "database" && text.empty()) fail("the name of a file");
    // Not shown, also not to say what is wrong with it.
    if (setting.name == "database" && holds_password(text)) {
        throw SettingsError(fmt::format(
            "database ({}): the address holds a password; give it in FORUM_DATABASE_PASSWORD or in a file named by "
            "FORUM_DATABASE_PASSWORD_FILE",
            source));
    }
    if (setting.name == "trusted-proxies" && !Networks::from(text)) {
        fail("addresses and networks separated by commas, like 127.0.0.1, 10.0.0.0/8");
    }
    if (setting.name == "redis" && !text.empty() && !is_host_and_port(text)) fail("host:port, or nothing");
}

struct Given {
    std::string name;
    std::string text;
};

std::vector<Given> flags_from(const std::vector<std::string>& arguments) {
    std::vector<Given> given;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string_view argument = arguments[i];
        if (!argument.starts_with(kFlagPrefix)) {
            throw SettingsError(fmt::format("'{}' is no flag; flags begin with --", argument));
        }
        argument.remove_prefix(kFlagPrefix.size());
        const std::size_t equals = argument.find('=');
        const std::string name(argument.substr(0, equals));
        const Setting* const setting = find_setting(name);
        if (setting == nullptr) throw SettingsError(fmt::format("there is no flag --{}; see forum --help", name));
        if (equals != std::string_view::npos) {
            given.push_back({name, std::string(argument.substr(equals + 1))});
        } else if (setting->kind == Kind::flag && (i + 1 == arguments.size() || arguments[i + 1].starts_with("--"))) {
            given.push_back({name, "true"});
        } else if (i + 1 < arguments.size()) {
            given.push_back({name, arguments[++i]});
        } else {
            throw SettingsError(fmt::format("--{} needs a value", name));
        }
    }
    return given;
}

}  // namespace

std::chrono::milliseconds duration_from(std::string_view text) {
    const auto duration = maybe_duration(text);
    if (!duration) throw SettingsError(fmt::format("'{}' is no duration", text));
    return *duration;
}

void Settings::set(std::string_view name, std::string text, const std::string& source) {
    const Setting* const setting = find_setting(name);
    if (setting == nullptr) throw SettingsError(fmt::format("{}: there is no setting '{}'", source, name));
    check(*setting, text, source);
    values_.insert_or_assign(std::string(name), Value{std::move(text), source});
}

void Settings::set_defaults(bool prod) {
    for (const Setting& setting : kSettings) {
        values_[std::string(setting.name)] = {std::string(prod ? setting.prod : setting.dev), "default"};
    }
}

void Settings::read_file(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw SettingsError("cannot read the settings file " + path);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        line = trimmed(line);
        if (line.empty() || line[0] == '#') continue;
        const std::string source = fmt::format("{}:{}", path, number);
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos) throw SettingsError(source + ": expected 'name = value'");
        if (trimmed(line.substr(0, equals)) == "config") {
            throw SettingsError(source + ": a file of settings cannot name another one; give it with --config");
        }
        set(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)), source);
    }
}

void Settings::read_environment() {
    for (const Setting& setting : kSettings) {
        const std::string variable = variable_name(setting.name);
        const char* const text = std::getenv(variable.c_str());
        if (text != nullptr) set(setting.name, text, variable);
    }
}

// Faults are for rehearsals only: one mistyped flag must not bring them.
void Settings::refuse_faults_outside_rehearsals() const {
    if (flag("rehearsal")) return;
    const bool faulty = integer("fail-percent") != 0 || integer("crash-after") != 0 || duration("delay").count() != 0;
    if (faulty) throw SettingsError("fail-percent, delay and crash-after need --rehearsal");
}

Settings Settings::load(const std::vector<std::string>& arguments) {
    const std::vector<Given> given = flags_from(arguments);
    Settings settings;
    const auto read_stronger = [&] {
        settings.read_environment();
        for (const Given& one : given) settings.set(one.name, one.text, "--" + one.name);
    };
    // Which file, then which environment (the file may say), must be known before the defaults are.
    settings.set_defaults(false);
    read_stronger();
    const std::string file = settings.text("config");
    if (!file.empty()) {
        settings.read_file(file);
        read_stronger();
    }
    settings.set_defaults(settings.text("env") == "prod");
    if (!file.empty()) settings.read_file(file);
    read_stronger();
    settings.refuse_faults_outside_rehearsals();
    return settings;
}

const std::string& Settings::text(std::string_view name) const {
    return values_.find(name)->second.text;
}
std::int64_t Settings::integer(std::string_view name) const {
    return integer_from(text(name)).value();
}
bool Settings::flag(std::string_view name) const {
    return text(name) == "true";
}
std::chrono::milliseconds Settings::duration(std::string_view name) const {
    return duration_from(text(name));
}

std::string Settings::listing() const {
    std::string out;
    for (const Setting& setting : kSettings) {
        const Value& value = values_.find(setting.name)->second;
        const bool hidden = setting.kind == Kind::secret && !value.text.empty();
        fmt::format_to(std::back_inserter(out), "{:<16} {:<26} {:<22} {}\n", setting.name,
                       hidden ? "(set)" : value.text, value.source, setting.meaning);
    }
    return out;
}

std::string Settings::help() {
    std::string out;
    for (const Setting& setting : kSettings) {
        fmt::format_to(std::back_inserter(out), "  --{:<16} {} [{}]\n", setting.name, setting.meaning, setting.dev);
    }
    return out;
}

}  // namespace forum
