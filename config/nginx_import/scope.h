// What nginx variables mean: map, split_clients and geo of the http block, and `set` on the way through a server.
//
// A Scope is copied where ways part (a server, a location); the definitions of the http block are shared.
// Invariants: resolve() gives cases whose texts hold only literals, variables of the request, and splits.
// Threads: one import, one thread. Errors: what cannot be expressed becomes a note at the place that defines it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/nginx_import/cases.h"
#include "config/nginx_import/matcher.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

// A variable whose value goes by shares: split_clients, or a map over one.
struct Shares {
    struct Share {
        std::uint32_t weight = 0;  // of kWholeShare
        Text value;
    };
    static constexpr std::uint32_t kWholeShare = 10'000;  // split_clients has two decimals of a percent
    std::vector<Share> shares;                            // the rest ("*") first: it is the baseline
    Text key;
    const Directive* origin = nullptr;
};

// What a test says: a formula, or for a variable that goes by shares, for which of them it holds.
struct Verdict {
    Formula formula;
    std::string split;        // name of the variable; empty: the formula decides
    std::vector<bool> holds;  // per share
};

class Scope {
  public:
    explicit Scope(Notes& notes) : notes_(&notes), definitions_(std::make_shared<Definitions>()) {}

    // http block: map, split_clients, geo. False for any other directive.
    bool define(const Directive& directive);

    Cases resolve(const Text& text) const;
    // `set`: what cannot be told of the text cannot be told of the variable from here on.
    void set(const std::string& variable, const Text& text);
    // The same in a block of an `if` for which the verdict holds; without one it cannot be told.
    void set_where(const std::optional<Verdict>& verdict, const std::string& variable, const Text& text);

    // `if (…)`: nothing, and a note, when it cannot be expressed.
    std::optional<Verdict> test(const Directive& if_directive) const;
    Cases choose(const Verdict& verdict, const Cases& yes, const Cases& no) const;

    // Null when the variable is none that goes by shares.
    const Shares* shares(const std::string& variable) const;

  private:
    struct Map {
        Text source;
        std::vector<std::pair<Matcher, const Directive*>> entries;  // values are args[0]
        const Directive* fallback = nullptr;
        const Directive* origin = nullptr;
    };
    struct Definitions {
        std::map<std::string, Map> maps;
        std::map<std::string, Cases> fixed;  // geo
        std::set<std::string> partial;       // of those, where something is not carried over
        std::map<std::string, Shares> shares;
    };

    // How a text is looked at.
    struct Look {
        bool* in_doubt;         // set where a part is not carried over: its default stands for it
        bool any_case = false;  // words of a map are compared as nginx does, by an expression; else exactly
        int depth = 0;
        Look deeper() const { return {in_doubt, any_case, depth + 1}; }
    };

    void define_map(const Directive& directive);
    void define_split(const Directive& directive);
    void define_geo(const Directive& directive);
    Cases resolve(const Text& text, const Look& look) const;
    Cases resolve_variable(const std::string& name, const Look& look) const;
    Cases look_up(const Map& map, const Text& source, const Look& look) const;
    void note_request_uri(const Directive& where, const std::string& variable) const;
    Cases look_up_request(const Map& map, const std::string& variable, const Look& look) const;
    Cases value_so_far(const std::string& variable, const Look& look) const;
    std::string derive(const Shares& from, std::vector<Text> values) const;
    std::optional<Verdict> test_value(const Matcher& matcher, const Cases& cases) const;

    Notes* notes_;
    std::shared_ptr<Definitions> definitions_;
    std::map<std::string, Cases> local_;
    std::set<std::string> in_doubt_;  // of those
};

}  // namespace switchyard::config::nginx
