// Text with ${places} in it, compiled once and filled in for every request.
//
//   ${name}        a variable of the virtual user: captured from an earlier answer, or given in "variables"
//   ${user}        the number of the virtual user, 0 …
//   ${run}         a word that is the same for the whole run and new for the next
//   ${unique}      a word never used before, in this run or another: fit for an Idempotency-Key or a title
//   ${random:N}    a whole number from 0 to N-1
//   ${feed.NAME}   the next row of a feed; ${feed.NAME.FIELD} one field of it
//
// Invariants: immutable after compile. Threads: any number may fill in the same template, each from its own source.
// Errors: compile throws std::invalid_argument for a place that is not closed or not known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yardbench {

class Template {
  public:
    // Where a place gets its text from: one virtual user at the moment of one request.
    class Source {
      public:
        virtual ~Source() = default;
        virtual std::string_view variable(std::size_t index) const = 0;
        virtual std::string_view feed(std::size_t feed, std::size_t field) = 0;
        virtual std::uint64_t user() const = 0;
        virtual std::string_view run() const = 0;
        virtual std::uint64_t unique() = 0;
        virtual std::uint64_t random(std::uint64_t below) = 0;
    };
    // The names a template may use; variables are added as they are met.
    struct Names {
        struct Feed {
            std::string name;
            std::vector<std::string> fields;
        };
        std::vector<std::string> variables;
        std::vector<Feed> feeds;

        std::size_t variable(const std::string& name);
    };

    Template() = default;
    // What is filled in fits where it goes: between the quotes of a JSON string, or into the target of a request line,
    // where a space would end it (the text around is encoded there, too; what is %XX already stays as it is).
    enum class Fits : std::uint8_t { anywhere, json, target };
    static Template compile(std::string_view text, Names& names, Fits fits);

    void append_to(std::string& out, Source& source) const;
    // Indices of the variables it needs.
    std::vector<std::size_t> needed_variables() const;

  private:
    enum class Kind : std::uint8_t { literal, variable, user, run, unique, random, feed };
    struct Piece {
        Kind kind = Kind::literal;
        std::string text;
        std::size_t index = 0;
        std::size_t field = 0;
        std::uint64_t below = 0;
    };
    static Piece place(const std::string& name, Names& names);

    std::vector<Piece> pieces_;
    Fits fits_ = Fits::anywhere;
};

}  // namespace yardbench
