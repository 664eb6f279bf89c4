namespace Zurg.E2E;

/// <summary>
/// A test that runs programs besides the SDK's: where one is missing it is skipped, and its name and the reason are shown. ./test
/// installs them where it may.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] programs)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = programs.Where(p => !path.Any(directory => File.Exists(Path.Combine(directory, p)))).ToArray();
        if (missing.Length > 0)
        {
            Skip = "missing here: " + string.Join(", ", missing);
        }
    }
}
