namespace Zurg.Tests;

/// <summary>A fact that is skipped, visibly and with the reason, where it cannot be tried.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "needs root: it starts a process of another user";
        }
    }
}

/// <summary>A fact that runs programs besides the SDK's; ./test brings them where it may.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(params string[] programs)
    {
        var missing = programs.Where(p => Find(p) is null).ToArray();
        if (missing.Length > 0)
        {
            Skip = "missing here: " + string.Join(", ", missing);
        }
    }

    /// <summary>Its path, where a shell looks and where servers are; null when it is not there.</summary>
    public static string? Find(string program) =>
        ((Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin").Split(':')
            .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
}
