// The verified claims of a request's token. Nothing in here is there unless its signature held and its time is now.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace switchyard::route {

class Claims {
  public:
    // The claim as text (strings as they are, numbers and booleans as JSON writes them); data() == nullptr when absent.
    std::string_view value(std::string_view name) const {
        const auto it = values_.find(name);
        return it == values_.end() ? std::string_view{} : std::string_view(it->second);
    }
    void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace switchyard::route
