using System.CommandLine;
using System.Reflection;

namespace Zurg.Cli.Verbs;

internal sealed class VersionVerb : Verb
{
    public const string Summary = "which build this is";

    private readonly Option<bool> json = new("--json") { Description = "as JSON" };

    public VersionVerb() : base("version", Summary)
    {
        Add(json);
        Examples = ["zurg version"];
    }

    /// <summary>Such as 0.1.0+4f5a…: the version and the commit it was built from.</summary>
    public static string Build =>
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    public override Task<int> RunAsync(VerbCall call)
    {
        call.Screen.Line(call.Value(json) ? $"{{\"build\":\"{Build}\"}}" : $"zurg {Build}");
        return Task.FromResult(ExitCode.Done);
    }
}
