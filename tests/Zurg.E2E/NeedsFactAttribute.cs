namespace Zurg.E2E;

/// <summary>
/// A test that runs programs besides the SDK's: where one is missing it is skipped, and its name and the reason are shown. ./test
/// installs them where it may.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] programs) => Skip = Missing(programs);

    /// <summary>Which of them are missing, in words; null when none is.</summary>
    public static string? Missing(string[] programs)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = programs.Where(p => !path.Any(directory => File.Exists(Path.Combine(directory, p)))).ToArray();
        return missing.Length > 0 ? "missing here: " + string.Join(", ", missing) : null;
    }
}

/// <inheritdoc cref="NeedsFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params string[] programs) => Skip = NeedsFactAttribute.Missing(programs);
}
