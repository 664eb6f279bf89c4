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
