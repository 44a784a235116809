// The meaning of random policies against what the linked policy allows, path by path: each path is looked up as the
// system would, and each verb asked of the label that it has. Nothing may be narrower, and what is wider has to be
// said.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "backends/selinux/vocabulary.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::test;
using ir::Verb;

namespace {

constexpr const char* kNames[] = {"a", "b", "c.key"};

/// Policies over one small tree, so that resources, rules and denials meet often.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string policy() {
    std::string text = "macc 1;\nmodule m;\nboolean sw = false;\n";
    for (const char* name : {"d", "e"}) {
      text += "domain " + std::string(name) + " {\n  entry \"/usr/lib/x/" + name + "\";\n";
      if (std::string(name) == "d") text += resources();
      for (unsigned i = 0, count = 2 + below(4); i < count; ++i) text += rule(name);
      text += "}\n";
    }
    return text;
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  std::string one_of(std::initializer_list<const char*> list) {
    return list.begin()[below(static_cast<unsigned>(list.size()))];
  }

  std::string resources() {
    static const char* const patterns[] = {"/srv/t/**", "/srv/t/a/**", "/srv/t/a/b/**", "/srv/t/b/**", "/srv/t/b/a"};
    std::string text;
    for (int i = 0; i < 5; ++i) {
      const bool there = i == 0 || below(2) == 0;
      if (there) names_.push_back("r" + std::to_string(i));
      const std::string kind = one_of({"state", "config", "content"});
      if (there)
        text += "  public manage, load, watch, ioctl resource r" + std::to_string(i) + " : " + kind + " { \"" +
                patterns[i] + "\" }\n";
    }
    return text;
  }

  std::string object(const std::string& domain) {
    if (below(3) != 0) return (domain == "d" ? "" : "d.") + names_[below(static_cast<unsigned>(names_.size()))];
    std::string path = "\"/srv/t";
    for (unsigned i = 0, depth = 1 + below(2); i < depth; ++i) path += "/" + std::string(kNames[below(3)]);
    return path + one_of({"\"", "/**\""});
  }

  std::string rule(const std::string& domain) {
    const bool deny = below(4) == 0;
    std::string verbs =
        one_of({"read", "list", "write", "append", "create", "delete", "lock", "setattr", "watch", "ioctl"});
    if (below(2) == 0)
      verbs = one_of({"read, write", "read, list", "create, delete", "write, create, delete", "read, load"});
    std::string text = std::string(deny ? "deny " : "allow ") + verbs + " " + object(domain) + ";";
    if (below(4) == 0) text = "if sw { " + text + " }";
    return "  " + text + "\n";
  }

  std::mt19937 random_;
  std::vector<std::string> names_;
};

/// Every path over the names, to a depth of three, as an entry and as a directory.
std::vector<std::string> all_paths() {
  std::vector<std::string> folders = {"/srv/t/"}, paths = {"/srv/t/"};
  for (int depth = 0; depth < 3; ++depth) {
    std::vector<std::string> next;
    for (const auto& folder : folders)
      for (const char* name : kNames) {
        paths.push_back(folder + name);
        paths.push_back(folder + name + "/");
        next.push_back(folder + name + "/");
      }
    folders = std::move(next);
  }
  return paths;
}

class Comparison {
 public:
  Comparison(const SelinuxTarget& target, const std::string& text) : target_(target), text_(text) {
    std::vector<se::LookupQuery> queries;
    for (const auto& path : all_paths()) {
      const bool directory = path.back() == '/';
      queries.push_back({directory ? path.substr(0, path.size() - 1) : path,
                         directory ? se::ObjectKind::directory : se::ObjectKind::file});
    }
    const auto found = se::lookup(target.linked.file_contexts, queries);
    REQUIRE(found.error == "");
    const auto paths = all_paths();
    for (std::size_t i = 0; i < paths.size(); ++i)
      types_[paths[i]] = found.contexts[i] ? se::type_of_context(*found.contexts[i]) : "";
    types_["/srv/"] = "var_t";
  }

  void run() {
    const ir::Policy& policy = target_.analyzed->policy;
    for (std::size_t i = 0; i < policy.domains.size(); ++i) {
      if (policy.domains[i].external) continue;
      for (const bool value : {false, true}) compare(static_cast<ir::DomainId>(i), value);
    }
  }

 private:
  using Permissions = std::map<std::pair<std::string, std::string>, std::set<std::string>>;

  void compare(ir::DomainId id, bool value) {
    const ir::Policy& policy = target_.analyzed->policy;
    ir::Assignment values = ir::declared_values(policy);
    for (std::size_t b = 0; b < policy.booleans.size(); ++b)
      if (policy.booleans[b].name == "sw") values[b] = value;
    Permissions granted;
    for (const auto& access : target_.policy->access_of(policy.domain(id).name + "_t")) {
      REQUIRE((access.condition == "" || access.condition == "sw" || access.condition == "not sw"));
      if (!access.condition.empty() && (access.condition == "sw") != value) continue;
      granted[{access.target, access.class_name}].insert(access.permissions.begin(), access.permissions.end());
    }
    for (const auto& [path, type] : types_) {
      // The head of a tree is a directory; one file context says so of whatever has its name.
      if (path == "/srv/" || text_.find("\"" + path + "/**\"") != std::string::npos) continue;
      for (std::size_t v = 0; v < ir::kVerbCount; ++v) compare(id, values, granted, static_cast<Verb>(v), path);
    }
  }

  void compare(ir::DomainId id, const ir::Assignment& values, const Permissions& granted, Verb verb,
               const std::string& path) {
    const bool directory = path.back() == '/';
    const auto object = directory ? ir::ObjectClass::directory : ir::ObjectClass::file;
    if (!ir::applies_to(verb, object) || verb == Verb::mknod) return;
    const auto may = [&](Verb what) {
      return target_.meaning->decide(id, ir::FileQuestion{what, path, object, false}, values).allowed;
    };
    const bool meant = may(verb);
    // Who may write may append, and who loads code reads it.
    if (!meant && ((verb == Verb::append && may(Verb::write)) || (verb == Verb::read && may(Verb::load)))) return;
    const bool granted_here = has(granted, path, se::object_permissions(verb, {directory, !directory, false}), verb);
    CAPTURE(target_.analyzed->policy.domain(id).name);
    CAPTURE(ir::word(verb));
    CAPTURE(path);
    CAPTURE(types_[path]);
    if (meant) CHECK_MESSAGE(granted_here, "narrower");
    if (!meant && granted_here) CHECK_MESSAGE(is_said(id, path), "wider in silence");
  }

  /// Whether the permissions are there on a path, with those that the verb needs on its directory.
  bool has(const Permissions& granted, const std::string& path, const std::vector<se::ClassPermissions>& wanted,
           Verb verb) const {
    const std::string class_name = path.back() == '/' ? "dir" : "file";
    bool any = false;
    for (const auto& permissions : wanted)
      if (permissions.class_name == class_name)
        any = covers(granted, types_.at(path), class_name, permissions.permissions);
    if (!any) return false;
    const auto parent = se::parent_permissions(verb);
    return parent.empty() || covers(granted, types_.at(folder_of(path)), "dir", parent);
  }

  static bool covers(const Permissions& granted, const std::string& type, const std::string& class_name,
                     const std::vector<std::string_view>& wanted) {
    auto found = granted.find({type, class_name});
    return found != granted.end() && std::all_of(wanted.begin(), wanted.end(), [&](std::string_view permission) {
             return found->second.count(std::string(permission)) != 0;
           });
  }

  static std::string folder_of(std::string path) {
    if (path.back() == '/') path.pop_back();
    return path.substr(0, path.rfind('/') + 1);
  }

  /// A rule of the domain is called wider with the type of the path.
  bool is_said(ir::DomainId id, const std::string& path) const {
    for (const auto& entry : target_.lowered.fidelity.entries) {
      if (entry.domain != id || entry.fidelity != backends::Fidelity::wider) continue;
      for (const auto& what : entry.what)
        if (what == types_.at(path) || what.starts_with(types_.at(path) + ":")) return true;
    }
    return false;
  }

  const SelinuxTarget& target_;
  const std::string& text_;
  std::map<std::string, std::string> types_;
};

}  // namespace

TEST_CASE("random policies: the linked policy allows what is meant, and what is wider is said") {
  int built = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const std::string text = Generator(seed).policy();
    CAPTURE(seed);
    CAPTURE(text);
    const auto target = lower_only(text);
    if (target->diagnostics.has_errors()) continue;  // labels cannot hold it
    link(*target);
    Comparison(*target, text).run();
    ++built;
  }
  CHECK(built >= 20);
}
