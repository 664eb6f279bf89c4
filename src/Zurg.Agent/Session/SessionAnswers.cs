using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>Who answers what a master asks for. Each may take its time: it is asked in the background.</summary>
internal sealed record SessionAnswers(
    Func<LogRequest, CancellationToken, Task<LogChunk>> Log,
    Func<ConfigRequest, ConfigAnswer> Configs,
    Func<EnvRequest, EnvAnswer> Env,
    Func<CoreRequest, CoreAnswer> Cores)
{
    /// <summary>Whether the message asks for something.</summary>
    public static bool Asks(MasterMessage message) =>
        message is { Log: not null } or { Configs: not null } or { Env: not null } or { Cores: not null };

    public async Task<AgentMessage> AnswerAsync(MasterMessage asked, CancellationToken stop) => asked switch
    {
        { Log: { } log } => new AgentMessage { Log = await Log(log, stop) },
        { Configs: { } configs } => new AgentMessage { Configs = Configs(configs) },
        { Env: { } env } => new AgentMessage { Env = Env(env) },
        { Cores: { } cores } => new AgentMessage { Cores = Cores(cores) },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static AgentMessage Refuse(MasterMessage asked, string problem) => asked switch
    {
        { Log: { } log } => new AgentMessage { Log = new LogChunk(log.Nonce, log.Offset, log.Offset, "", problem) },
        { Configs: { } configs } => new AgentMessage { Configs = new ConfigAnswer { Nonce = configs.Nonce, Problem = problem } },
        { Env: { } env } => new AgentMessage { Env = new EnvAnswer { Nonce = env.Nonce, Problem = problem } },
        { Cores: { } cores } => new AgentMessage { Cores = new CoreAnswer { Nonce = cores.Nonce, Problem = problem } },
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
