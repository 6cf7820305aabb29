// Every setting of the program: its name, meaning and default, and where its value came from.
//
// Later wins: default of the environment (dev or prod) < file (--config) < environment variable < flag. A setting named
// drain-delay is --drain-delay on the command line, FORUM_DRAIN_DELAY in the environment and "drain-delay = 5s" in a
// file. Errors: SettingsError naming the setting, where it was given, and what is expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace forum {

class SettingsError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Settings {
  public:
    // `arguments` without the program's and the verb's name. Throws SettingsError.
    static Settings load(const std::vector<std::string>& arguments);

    const std::string& text(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool flag(std::string_view name) const;
    std::chrono::milliseconds duration(std::string_view name) const;

    // All of them, one a line: name, value, source, meaning. Secrets are not shown.
    std::string listing() const;
    // The flags for --help.
    static std::string help();

  private:
    struct Value {
        std::string text;
        std::string source;
    };
    void set(std::string_view name, std::string text, const std::string& source);
    void set_defaults(bool prod);
    void read_file(const std::string& path);
    void read_environment();
    void refuse_faults_outside_rehearsals() const;

    std::map<std::string, Value, std::less<>> values_;
};

// "250ms", "5s", "2m", "1h".
std::chrono::milliseconds duration_from(std::string_view text);

}  // namespace forum
